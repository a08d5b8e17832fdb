#include "proto/wire/health.h"

#include "proto/wire/message.h"

#include "grpc/health/v1/health.pb-c.h"

bool health_decode(struct str body, struct arena *arena, struct str *service)
{
    const Grpc__Health__V1__HealthCheckRequest *request = message_unpack(
        &grpc__health__v1__health_check_request__descriptor, body, arena);

    if (!request)
        return false;
    *service = message_string(request->service);
    return true;
}

struct str health_encode(enum health_status status, struct arena *arena)
{
    Grpc__Health__V1__HealthCheckResponse response;

    grpc__health__v1__health_check_response__init(&response);
    /* The numbers are the same. */
    response.status =
        (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
    return message_pack(&response.base, arena);
}
