/*
 * All unary methods that the server has, for the workers to serve.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_DOORS_SERVICES_H
#define PROTO_SERVER_DOORS_SERVICES_H

#include "policy/base/str.h"
#include "proto/server/call/service.h"

#include <stdbool.h>
#include <stdint.h>

extern const struct service *const services[];
extern const uint32_t service_count;

/* Whether the server has a service of that name ("package.Service"); the empty
 * name is the server as a whole. */
bool service_is_known(struct str name);

#endif
