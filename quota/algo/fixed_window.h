/*
 * A fixed window: at most `amount` in each. It begins with the first use and
 * lasts `period_ns`, or it is the calendar unit in which that use falls. At
 * its end all is free again; so up to twice the amount may pass in a time as
 * long as a window, across its end.
 * Source: Mixer's redisquota (from first use), envoyproxy/ratelimit (calendar).
 * Limits are of FIXED_WINDOW and within the ranges of quota/limit.h. Times are
 * ns of any clock; for a calendar since 1970 UTC.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_FIXED_WINDOW_H
#define QUOTA_ALGO_FIXED_WINDOW_H

#include "quota/limit.h"

#include <stdint.h>

/* Zeroed: nothing in use, and no window runs. */
struct fixed_window {
    int64_t used;    /* 0 .. LIMIT_AMOUNT_MAX */
    int64_t ends_ns; /* of what is in use */
};

/* Frees all at the window's end. A time that stands still or steps back frees
 * nothing. */
void fixed_window_pass(struct fixed_window *window, int64_t now_ns);

/* What can be had now. */
int64_t fixed_window_left(const struct fixed_window *window,
                          const struct limit *limit);

/* Takes 0 .. fixed_window_left, after fixed_window_pass. */
void fixed_window_take(struct fixed_window *window, const struct limit *limit,
                       int64_t now_ns, int64_t units);

/* Gives `units` (>= 0) back, as far as they are in use; returns how many. When
 * all are back the next use begins a window. */
int64_t fixed_window_give_back(struct fixed_window *window, int64_t units);

/* How long until `units` (>= 0) can be had: 0 for now, -1 for never. */
int64_t fixed_window_wait_ns(const struct fixed_window *window,
                             const struct limit *limit, int64_t now_ns,
                             int64_t units);

#endif
