/*
 * One unary call, from arrival to the last byte of its reply: a slot that is
 * used again and again with the same memory. docs/life-of-a-check.md tells its
 * story.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_CALL_H
#define PROTO_SERVER_CALL_CALL_H

#include "policy/attr/bag.h"
#include "policy/base/arena.h"
#include "policy/check/check.h"
#include "proto/server/call/core.h"
#include "proto/server/call/rpc.h"
#include "proto/server/call/served.h"
#include "proto/server/call/service.h"
#include "quota/refused.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* A method that is served: how many calls are awaited is kept up here. */
struct endpoint {
    const struct service *service;
    struct worker *worker;
    void *method; /* the C core's name for it */
    uint32_t armed_count;
};

/* One lease on its way back to the store. */
struct giving {
    struct release release;
    int64_t units_here; /* of it, that the fallback had */
    struct call *call;
};

struct call {
    struct tag accepted, replied;
    struct call *next_free; /* while it is free */
    struct endpoint *endpoint;
    struct rpc rpc;
    struct arena arena;
    struct served *served; /* pinned */
    int64_t accepted_ns;

    /* Set by the service's decode. */
    void *request; /* its own */
    struct bag bag;
    const struct quota_ask *asks;
    uint32_t ask_count;
    struct str deduplication_id;
    struct giving *givings; /* in the arena */
    uint32_t giving_count;
    enum status_code code; /* ACTION_REFUSE */
    const char *details;   /* a literal */

    /* For the service's encode. */
    struct check check;
    struct str handle; /* of the leases it holds; empty: none */
    int64_t released;  /* units; what ACTION_RELEASE gave back */

    struct take take;
    struct refused_when asked; /* when the take was */
    bool is_taken;             /* it was asked, and may hold leases */
    bool is_replied;
    struct giving returning; /* leases that the caller never learned of */
    uint32_t pending_count;  /* givings that are not answered yet */
    bool has_outage;         /* one of them was not answered */
};

/* The slots of a worker. They are made as they are needed. */
struct calls {
    struct call *free;
    uint32_t free_count;
    uint32_t in_progress; /* accepted, not over */
};

void calls_init(struct calls *calls);

/* After the core has ended. */
void calls_fini(struct calls *calls);

/* Serves `service`. Before core_start. */
void endpoint_init(struct endpoint *endpoint, const struct service *service,
                   struct worker *worker);

/* Awaits calls, as many as the service wants awaited at a time. After
 * core_start. */
void endpoint_arm(struct endpoint *endpoint);

/* How a call goes on, after its action or in place of it. Refusals: details, a
 * literal, is for the caller. */
void call_reply(struct call *call);
void call_reply_refusal(struct call *call, enum status_code code,
                        const char *details);
void call_reply_no_memory(struct call *call); /* its arena's limit is hit */

/* After the reply: the slot is free for the next call. */
void call_finish(struct call *call);

/* For decode: sets what ACTION_REFUSE needs, and returns it. */
enum action call_refuse(struct call *call, enum status_code code,
                        const char *details);

#endif
