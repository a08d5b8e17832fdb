#include "proto/wire/policy.h"

#include "proto/wire/message.h"

#include "sluice/v1/policy.pb-c.h"

bool policy_decode_release(struct str body, struct arena *arena,
                           struct str *handles, uint32_t max, uint32_t *count)
{
    const Sluice__V1__ReleaseRequest *request =
        message_unpack(&sluice__v1__release_request__descriptor, body, arena);

    if (!request || request->n_leases > max)
        return false;
    *count = (uint32_t)request->n_leases;
    for (uint32_t i = 0; i < *count; i++)
        handles[i] = message_string(request->leases[i]);
    return true;
}

struct str policy_encode_release(int64_t released, struct arena *arena)
{
    Sluice__V1__ReleaseResponse response;

    sluice__v1__release_response__init(&response);
    response.released = released;
    return message_pack(&response.base, arena);
}

struct str policy_encode_release_request(const struct str *handles,
                                         uint32_t count, struct arena *arena)
{
    Sluice__V1__ReleaseRequest request;

    sluice__v1__release_request__init(&request);
    request.leases = arena_calloc(arena, count, sizeof(request.leases[0]));
    if (!request.leases)
        return (struct str){ 0 };
    for (uint32_t i = 0; i < count; i++) {
        request.leases[i] = message_text(handles[i], arena);
        if (!request.leases[i])
            return (struct str){ 0 };
    }
    request.n_leases = count;
    return message_pack(&request.base, arena);
}

bool policy_decode_release_response(struct str body, struct arena *arena,
                                    int64_t *released)
{
    const Sluice__V1__ReleaseResponse *response =
        message_unpack(&sluice__v1__release_response__descriptor, body, arena);

    if (!response)
        return false;
    *released = response->released;
    return true;
}
