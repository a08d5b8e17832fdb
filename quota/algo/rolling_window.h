/*
 * A rolling window: never more than `amount` in any time of `period_ns`. Uses
 * that are near to each other share a bucket, and come back together when the
 * last of them does: at most `bucket_ns` later than each could. So there are
 * few buckets, however many uses.
 * Source: Mixer's memquota, made exact: its ticks free a use up to one bucket
 * too early.
 * Limits are of ROLLING_WINDOW and within the ranges of quota/limit.h. Times
 * are ns of any clock.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_ROLLING_WINDOW_H
#define QUOTA_ALGO_ROLLING_WINDOW_H

#include "quota/limit.h"

#include <stdint.h>

/* Buckets begin at least bucket_ns apart and each is in use for at most
 * period_ns + bucket_ns. */
#define ROLLING_BUCKETS_MAX (LIMIT_BUCKETS_MAX + 2)

struct rolling_bucket {
    int64_t ends_ns; /* period_ns after the last use in it */
    int64_t units;   /* 1 .. LIMIT_AMOUNT_MAX */
};

/* With a count of 0: nothing in use. */
struct rolling_window {
    int64_t start_ns; /* of the newest bucket: others get no more uses */
    uint32_t count;
    struct rolling_bucket buckets[ROLLING_BUCKETS_MAX]; /* as they end */
};

/* Frees the buckets that have ended. A time that stands still or steps back
 * frees nothing. */
void rolling_window_pass(struct rolling_window *window, int64_t now_ns);

/* Units in use, of all buckets. */
int64_t rolling_window_used(const struct rolling_window *window);

/* What can be had now. */
int64_t rolling_window_left(const struct rolling_window *window,
                            const struct limit *limit);

/* Takes 0 .. rolling_window_left, after rolling_window_pass: into the newest
 * bucket while that is young, or while there are as many as there may be. */
void rolling_window_take(struct rolling_window *window,
                         const struct limit *limit, int64_t now_ns,
                         int64_t units);

/* Gives `units` (>= 0) back, as far as they are in use, the newest first;
 * returns how many. */
int64_t rolling_window_give_back(struct rolling_window *window, int64_t units);

/* How long until `units` (>= 0) can be had: 0 for now, -1 for never. */
int64_t rolling_window_wait_ns(const struct rolling_window *window,
                               const struct limit *limit, int64_t now_ns,
                               int64_t units);

/* When the newest bucket ends, and with it all; 0 if there is none. */
int64_t rolling_window_ends_ns(const struct rolling_window *window);

#endif
