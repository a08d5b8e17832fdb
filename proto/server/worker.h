/*
 * What all calls of a worker share, by whatever door they came.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_WORKER_H
#define PROTO_SERVER_WORKER_H

#include "proto/server/call.h"
#include "proto/server/core.h"
#include "proto/server/denial_log.h"
#include "proto/server/outage.h"
#include "proto/server/served.h"
#include "proto/server/shared.h"
#include "quota/fallback.h"
#include "quota/refused.h"
#include "quota/store.h"

#include <stdint.h>

/* More than there are unary methods. */
#define ENDPOINTS_MAX 16

struct worker {
    struct core core;
    struct shared *shared;
    struct worker_block *block; /* its own in `shared` */
    struct store *store;
    struct outage *outage;
    struct fallback fallback;
    struct refused refused;
    struct serving serving;
    struct calls calls;
    struct endpoint endpoints[ENDPOINTS_MAX];
    uint32_t endpoint_count;
    struct denial_log denials;
};

#endif
