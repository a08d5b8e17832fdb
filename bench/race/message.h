/*
 * What racing clients say and hear: frames of what is asked, and what there is
 * in the message of a reply.
 * Pure; any thread, over its own arena, which has no limit.
 */
#ifndef BENCH_RACE_MESSAGE_H
#define BENCH_RACE_MESSAGE_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define MESSAGE_CHECK_PATH "/istio.mixer.v1.Mixer/Check"
#define MESSAGE_RELEASE_PATH "/sluice.v1.Policy/Release"

/* A frame that asks for one unit of a quota. */
struct str message_check(struct str quota, struct arena *arena);

/* A frame that gives a lease back. */
struct str message_release(struct str lease, struct arena *arena);

struct answer {
    bool is_granted;
    bool is_outage;   /* by on_outage, not by the store */
    int64_t valid_ns; /* for so long it may be used */
};

/* message: a CheckResponse. False: it is none, or has not one quota. */
bool message_read_answer(struct answer *answer, struct str message,
                         struct arena *arena);

/* message: a ReleaseResponse. False: it is none. *is_freed: whether the lease
 * had been there. */
bool message_read_released(bool *is_freed, struct str message,
                           struct arena *arena);

#endif
