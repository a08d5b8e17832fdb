/*
 * How the configuration is replaced while the server runs: read, check, give
 * to all workers, and take it only if all of them can; else the old one stays.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_RELOAD_H
#define PROTO_SERVER_RELOAD_H

#include "proto/server/edition.h"
#include "proto/server/fleet.h"
#include "proto/server/loop.h"
#include "proto/server/shared.h"

#include <stdbool.h>
#include <stdint.h>

struct reload {
    /* Set by the owner; all other fields are zero. */
    const char *path; /* NULL: the built-in example, which never changes */
    struct loop *loop;
    struct fleet *fleet;
    struct shared *shared;
    struct edition *current;

    uint64_t last_generation;  /* that was put to a vote: never used twice */
    struct edition *candidate; /* NULL: no vote is under way */
    struct timer deadline;     /* of the vote */
    bool is_asked;             /* meanwhile, once more */
    struct watch *watch;       /* NULL: nothing to watch */
    struct waitable changes;
    struct timer next_look;
};

/* Reads the first configuration; path: NULL for the built-in example. NULL
 * after telling all mistakes on stderr. */
struct edition *reload_first(const char *path);

/* Publishes the first configuration and watches its file. */
void reload_start(struct reload *reload);

/* Looks whether the file has changed, and if so puts it to the vote. Nothing
 * happens any more once the fleet drains. */
void reload_ask(struct reload *reload, int64_t now_ns);

/* Ends the vote if it is decided. Call it whenever something has happened to a
 * worker. */
void reload_step(struct reload *reload, int64_t now_ns);

/* Frees the configurations. The fleet is gone. */
void reload_fini(struct reload *reload);

#endif
