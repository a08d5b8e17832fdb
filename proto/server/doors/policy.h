/*
 * sluice.v1.Policy: Release, which gives back the leases of handles.
 * Threads: any, immutable.
 */
#ifndef PROTO_SERVER_DOORS_POLICY_H
#define PROTO_SERVER_DOORS_POLICY_H

#include "proto/server/call/service.h"

extern const struct service service_policy_release;

#endif
