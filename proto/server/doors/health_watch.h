/*
 * grpc.health.v1.Health/Watch: a stream that is held open and tells its caller
 * the state of the server now and when it changes. Here it changes once: a
 * worker that drains says so, and ends the stream. A stream holds no arena.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_DOORS_HEALTH_WATCH_H
#define PROTO_SERVER_DOORS_HEALTH_WATCH_H

#include "policy/base/arena.h"
#include "policy/base/list.h"
#include "proto/server/call/core.h"

#include <stdbool.h>
#include <stdint.h>

struct health_watches {
    struct worker *worker;
    void *method;
    struct list open;
    uint32_t open_count;
    struct arena scratch; /* while a message is decoded or encoded */
    bool is_draining;
};

/* Before core_start. */
void health_watches_init(struct health_watches *watches, struct worker *worker);

/* After the core has ended. */
void health_watches_fini(struct health_watches *watches);

/* Awaits the first ones. After core_start. */
void health_watches_arm(struct health_watches *watches);

/* Tells every caller that the worker drains. */
void health_watches_drain(struct health_watches *watches);

#endif
