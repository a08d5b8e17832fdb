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
#ifndef PROTO_SERVER_WORKER_H
#define PROTO_SERVER_WORKER_H

#include "proto/server/call.h"
#include "proto/server/core.h"
#include "proto/server/denial_log.h"
#include "proto/server/outage.h"
#include "proto/server/served.h"
#include "proto/server/shared.h"
#include "proto/server/store_thread.h"
#include "proto/server/stream.h"
#include "proto/server/unknown.h"
#include "quota/carrier.h"
#include "quota/fallback.h"
#include "quota/refused.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* More than there are unary methods. */
#define ENDPOINTS_MAX 16

/* What all calls of a worker share. Threads: under the core's lock. */
struct worker {
    struct core core;
    struct shared *shared;
    struct worker_block *block; /* its own in `shared` */
    struct store *store;
    struct outage *outage;
    struct fallback fallback;
    struct carrier carrier;
    struct refused refused;
    struct serving serving;
    struct calls calls;
    struct endpoint endpoints[ENDPOINTS_MAX];
    uint32_t endpoint_count;
    struct streams streams;
    struct unknowns unknowns;
    struct denial_log denials;
    struct store_thread store_thread; /* if the store answers later */
    struct store_stats stats_before;  /* what `block` had at the start */
    int64_t clock_offset_ns;          /* the store's, when last noted */
    bool is_store_redis;
    uint64_t store_generation; /* whose passwords the store has */
};

/* What a worker is made of. */
struct worker_parts {
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
int worker_run(const struct worker_parts *parts);

/* `sluice worker INDEX`: makes the parts out of the descriptors that it was
 * started with (enum worker_fd). */
int worker_main(uint32_t index);

#endif
