/*
 * Fixed and rolling windows, too simple to be wrong: what the memory store is
 * compared with. Time does not step back.
 * Threads: its owner's.
 */
#ifndef TEST_QUOTA_WINDOW_MODEL_H
#define TEST_QUOTA_WINDOW_MODEL_H

#include "quota/limit.h"

#include <stdint.h>

#define WINDOW_MODEL_BUCKETS 32

/* Of one key, which has one of the two. */
struct window_model {
    int64_t used, ends_ns; /* of a fixed window */
    struct uses {
        int64_t start_ns, last_ns, units;
    } buckets[WINDOW_MODEL_BUCKETS]; /* of a rolling one, the oldest first */
    uint32_t bucket_count;
};

/* limit: of a window, always of the same length for one model. */
void window_model_pass(struct window_model *model, const struct limit *limit,
                       int64_t now_ns);
int64_t window_model_used(const struct window_model *model);
void window_model_take(struct window_model *model, const struct limit *limit,
                       int64_t now_ns, int64_t units);
int64_t window_model_give_back(struct window_model *model, int64_t units);

/* How long until `wanted`, which are not to be had, are; -1: never. */
int64_t window_model_wait_ns(const struct window_model *model,
                             const struct limit *limit, int64_t now_ns,
                             int64_t wanted);

/* How long until nothing is in use. */
int64_t window_model_full_ns(const struct window_model *model,
                             const struct limit *limit, int64_t now_ns);

#endif
