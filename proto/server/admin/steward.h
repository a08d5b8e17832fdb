/*
 * The master's thread that asks the store on behalf of people: it answers the
 * control socket, and keeps the board of the keys that are refused most. It
 * has a store of its own, so that a slow one holds up nobody but people.
 * Threads: the master's first one, but for what runs inside.
 */
#ifndef PROTO_SERVER_ADMIN_STEWARD_H
#define PROTO_SERVER_ADMIN_STEWARD_H

#include "config/snapshot.h"
#include "proto/server/admin/hot_board.h"
#include "proto/server/loader/edition_board.h"
#include "proto/server/shared/shared.h"

/* They stay the caller's, who keeps all but the settings until steward_stop. */
struct steward_parts {
    const struct store_settings *store;
    int store_fd; /* of the memory store */
    struct shared *shared;
    struct edition_board *editions;
    struct hot_board *board;
    int listener; /* of the control socket; -1: none */
};

struct steward;

/* NULL if there is no thread, no room, or no store. */
struct steward *steward_start(const struct steward_parts *parts);

/* Waits until what it is doing is done. NULL is fine. */
void steward_stop(struct steward *steward);

#endif
