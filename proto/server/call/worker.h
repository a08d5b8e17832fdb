/*
 * What all calls of a worker share, by whatever door they came.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_WORKER_H
#define PROTO_SERVER_CALL_WORKER_H

#include "proto/server/call/call.h"
#include "proto/server/call/core.h"
#include "proto/server/call/denial_log.h"
#include "proto/server/call/outage.h"
#include "proto/server/call/served.h"
#include "proto/server/shared/shared.h"
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
