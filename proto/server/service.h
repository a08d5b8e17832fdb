/*
 * A unary gRPC method: how a message becomes what is asked, and how the
 * outcome becomes a message. What lies between is the same for all (call.c).
 * One file per service, one const table per method.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_SERVICE_H
#define PROTO_SERVER_SERVICE_H

#include "policy/base/str.h"
#include "proto/server/shared.h"

#include <stdbool.h>
#include <stdint.h>

struct call;

/* What is to be done for a request before its reply: action.h. */
enum action {
    ACTION_NONE,    /* encode answers it */
    ACTION_CHECK,   /* of call->bag, with call->asks */
    ACTION_RELEASE, /* of call->givings */
    ACTION_REFUSE,  /* with call->code and call->details */
};

/* Of services that are no check: they have no verdicts. */
#define DOOR_NONE DOOR_COUNT

struct service {
    const char *path;     /* "/package.Service/Method" */
    enum door door;       /* whose verdicts and latencies its calls are */
    bool is_urgent;       /* answered also when the worker is overloaded */
    uint32_t armed_count; /* calls awaited at a time */

    /* Understands the body; what it keeps lives in the call's arena. */
    enum action (*decode)(struct call *call, struct str body);

    /* The reply, after the action; data == NULL if the arena's limit is hit. */
    struct str (*encode)(struct call *call);
};

extern const struct service service_mixer_check, service_mixer_report;
extern const struct service service_policy_release;
extern const struct service service_health_check;

/* All of them. */
extern const struct service *const services[];
extern const uint32_t service_count;

/* The one method that is not unary: stream.h. */
#define HEALTH_WATCH_PATH "/grpc.health.v1.Health/Watch"

/* Whether the server has a service of that name ("package.Service"); the empty
 * name is the server as a whole. */
bool service_is_known(struct str name);

#endif
