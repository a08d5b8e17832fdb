/*
 * How the configuration is replaced while the server runs: read, check, give
 * to all workers, and take it only if all of them can; else the old one stays.
 * Reading and checking is the loader's; this is the vote.
 * Threads: the master's first one.
 */
#ifndef PROTO_SERVER_MASTER_RELOAD_H
#define PROTO_SERVER_MASTER_RELOAD_H

#include "proto/server/loader/edition.h"
#include "proto/server/loader/edition_board.h"
#include "proto/server/loader/list_board.h"
#include "proto/server/loader/loader.h"
#include "proto/server/master/fleet.h"
#include "proto/server/shared/loop.h"
#include "proto/server/shared/shared.h"

#include <stdbool.h>
#include <stdint.h>

struct reload {
    /* Set by the owner; all other fields are zero. */
    struct loader *loader; /* taken over */
    struct loop *loop;
    struct fleet *fleet;
    struct shared *shared;
    struct list_board *board;
    struct edition_board *editions;
    struct edition *current;

    uint64_t last_generation;  /* that was put to a vote: never used twice */
    bool is_loading;           /* by the loader */
    struct edition *candidate; /* NULL: no vote is under way */
    struct timer deadline;     /* of the vote */
    bool is_asked;             /* meanwhile, once more */
    struct waitable news;      /* of the loader */
};

/* The first configuration. NULL after telling all mistakes on stderr. */
struct edition *reload_first(struct loader *loader);

/* Publishes the first configuration; from now on changes are followed. */
void reload_start(struct reload *reload);

/* Reads the files, and if they have changed puts them to the vote. Nothing
 * happens any more once the fleet drains. */
void reload_ask(struct reload *reload);

/* Ends the vote if it is decided. Call it whenever something has happened to a
 * worker. */
void reload_step(struct reload *reload);

/* Ends the loader and frees the configurations. The fleet is gone. */
void reload_fini(struct reload *reload);

#endif
