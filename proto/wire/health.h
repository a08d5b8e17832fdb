/*
 * grpc.health.v1 on the wire: proto/api/grpc/health/v1/health.proto.
 * Threads: any, over its own arena.
 */
#ifndef PROTO_WIRE_HEALTH_H
#define PROTO_WIRE_HEALTH_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>

/* HealthCheckResponse.ServingStatus, by its numbers. */
enum health_status {
    HEALTH_UNKNOWN = 0,
    HEALTH_SERVING = 1,
    HEALTH_NOT_SERVING = 2,
    HEALTH_SERVICE_UNKNOWN = 3, /* answered by Watch only */
};

/* The service that a HealthCheckRequest asks about; empty: the whole server.
 * Borrows from the arena. False if `body` is none, or beyond its limit. */
bool health_decode(struct str body, struct arena *arena, struct str *service);

/* A HealthCheckResponse. data == NULL if the arena's limit is hit. */
struct str health_encode(enum health_status status, struct arena *arena);

#endif
