/*
 * A unary gRPC method: how a message becomes what is asked, and how the
 * outcome becomes a message. What lies between is the same for all (call.c).
 * One const table per method; they are in proto/server/doors.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_CALL_SERVICE_H
#define PROTO_SERVER_CALL_SERVICE_H

#include "policy/base/str.h"
#include "proto/server/shared/shared.h"

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

#endif
