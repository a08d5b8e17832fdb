#include "proto/server/doors/policy.h"

#include "proto/server/call/call.h"
#include "proto/wire/policy.h"
#include "quota/handle.h"

/* Each lease goes back on its own, so that it is known what became of it. */
static void split(struct call *call, const struct release *leases)
{
    struct giving *givings = call->givings;

    for (uint32_t i = 0; i < leases->count; i++) {
        struct release *release = &givings[call->giving_count++].release;

        release->leases[0] = leases->leases[i];
        release->count = 1;
    }
}

static enum action decode_release(struct call *call, struct str body)
{
    struct arena *arena = &call->arena;
    struct str handles[RELEASE_HANDLES_MAX];
    struct release leases;
    uint32_t count;

    if (!policy_decode_release(body, arena, handles, RELEASE_HANDLES_MAX,
                               &count))
        return call_refuse(call, STATUS_INVALID_ARGUMENT,
                           "the message is malformed or too large");
    call->givings = arena_calloc(arena, (size_t)count * QUOTAS_PER_CHECK_MAX,
                                 sizeof(*call->givings));
    if (!call->givings)
        return call_refuse(call, STATUS_RESOURCE_EXHAUSTED,
                           "there are too many handles");
    /* All or none: nothing is given back before all are understood. */
    for (uint32_t i = 0; i < count; i++) {
        if (!handle_decode(handles[i], &leases, arena))
            return call_refuse(call, STATUS_INVALID_ARGUMENT,
                               "that is no lease handle");
        split(call, &leases);
    }
    return ACTION_RELEASE;
}

static struct str encode_release(struct call *call)
{
    return policy_encode_release(call->released, &call->arena);
}

const struct service service_policy_release = {
    .path = "/sluice.v1.Policy/Release",
    .door = DOOR_NONE,
    .armed_count = 16,
    .decode = decode_release,
    .encode = encode_release,
};
