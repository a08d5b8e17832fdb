/*
 * Streams that are held open: grpc.health.v1.Health/Watch, which tells its
 * caller the state of the server now and when it changes. Here it changes once:
 * a worker that drains says so, and ends the stream.
 * A stream holds no arena. Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_STREAM_H
#define PROTO_SERVER_STREAM_H

#include "policy/base/arena.h"
#include "policy/base/list.h"
#include "proto/server/core.h"

#include <stdbool.h>
#include <stdint.h>

struct streams {
    struct worker *worker;
    void *method;
    struct list open;
    uint32_t open_count;
    struct arena scratch; /* while a message is decoded or encoded */
    bool is_draining;
};

/* Before core_start. */
void streams_init(struct streams *streams, struct worker *worker);

/* After the core has ended. */
void streams_fini(struct streams *streams);

/* Awaits the first ones. After core_start. */
void streams_arm(struct streams *streams);

/* Tells every caller that the worker drains. */
void streams_drain(struct streams *streams);

#endif
