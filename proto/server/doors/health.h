/*
 * grpc.health.v1.Health: Check. Serving is who does not drain, whatever his
 * store is doing. The other method, Watch, is no unary one: health_watch.h.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_DOORS_HEALTH_H
#define PROTO_SERVER_DOORS_HEALTH_H

#include "proto/server/call/service.h"

extern const struct service service_health_check;

#endif
