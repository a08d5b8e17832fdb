/*
 * Calls to methods that do not exist. Without somebody who takes them they
 * would stay in the C core for ever: they are answered UNIMPLEMENTED.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_DOORS_UNKNOWN_H
#define PROTO_SERVER_DOORS_UNKNOWN_H

#include "proto/server/call/core.h"
#include "proto/server/call/rpc.h"

#include <grpc/grpc.h>

/* So many are answered at a time; others wait. */
#define UNKNOWNS 8

struct unknown {
    struct tag accepted, replied;
    struct worker *worker;
    struct rpc rpc;
    grpc_call_details details;
};

struct unknowns {
    struct unknown slots[UNKNOWNS];
};

void unknowns_init(struct unknowns *unknowns, struct worker *worker);
void unknowns_fini(struct unknowns *unknowns);

/* Awaits the first ones. After core_start. */
void unknowns_arm(struct unknowns *unknowns);

#endif
