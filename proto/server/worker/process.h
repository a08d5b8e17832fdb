/*
 * A worker: the process that answers gRPC calls. The control thread (the
 * process' first) listens to the master: it takes connections over, prepares
 * configurations and drains. The call thread runs everything of a call. A store
 * that answers later has a third thread. docs/threads.md.
 *
 * It opens no file and no port. It ignores INT, TERM and HUP, which a terminal
 * sends to the whole group: when to stop is the master's decision. When the
 * master is gone, its end of the socketpair closes, and the worker drains and
 * exits; PR_SET_PDEATHSIG is not used, as it would cut calls off.
 */
#ifndef PROTO_SERVER_WORKER_PROCESS_H
#define PROTO_SERVER_WORKER_PROCESS_H

#include "proto/server/call/outage.h"
#include "proto/server/call/served.h"
#include "proto/server/shared/shared.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* What it is made of. */
struct process_parts {
    uint32_t index;
    int control; /* its end of the socketpair */
    struct shared *shared;
    struct served *served; /* taken over */
    struct store *store;   /* taken over */
    struct store *memory;  /* taken over: for its outages; NULL: none */
    bool is_store_late;    /* it may answer later */
    bool is_store_redis;   /* it was opened as such */
    struct outage *outage;
};

/* Serves until it is told to drain or the master is gone. Returns the exit
 * status of the process. */
int process_run(const struct process_parts *parts);

/* `sluice worker INDEX`: makes the parts out of the descriptors that it was
 * started with (enum worker_fd). */
int process_main(uint32_t index);

#endif
