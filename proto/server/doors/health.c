#include "proto/server/doors/health.h"

#include "proto/server/call/call.h"
#include "proto/server/call/worker.h"
#include "proto/server/doors/services.h"
#include "proto/wire/health.h"

static enum action decode_check(struct call *call, struct str body)
{
    struct str name;

    if (!health_decode(body, &call->arena, &name))
        return call_refuse(call, STATUS_INVALID_ARGUMENT,
                           "the message is malformed");
    if (!service_is_known(name))
        return call_refuse(call, STATUS_NOT_FOUND, "there is no such service");
    return ACTION_NONE;
}

/* The store plays no part: its outage must not remove the server. */
static struct str encode_check(struct call *call)
{
    const struct core *core = &call->endpoint->worker->core;

    return health_encode(core_is_stopping(core) ? HEALTH_NOT_SERVING
                                                : HEALTH_SERVING,
                         &call->arena);
}

const struct service service_health_check = {
    .path = "/grpc.health.v1.Health/Check",
    .door = DOOR_NONE,
    .is_urgent = true,
    .armed_count = 4,
    .decode = decode_check,
    .encode = encode_check,
};
