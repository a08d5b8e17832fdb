/*
 * Instants and the time between them, in ns of one clock, at the edges of what
 * an int64_t holds.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_INSTANT_H
#define QUOTA_ALGO_INSTANT_H

#include <stdint.h>

/* The instant `by_ns` (>= 0) after `from_ns`; the last one there is if it lies
 * beyond. */
static inline int64_t instant_after(int64_t from_ns, int64_t by_ns)
{
    int64_t then_ns;

    return __builtin_add_overflow(from_ns, by_ns, &then_ns) ? INT64_MAX
                                                            : then_ns;
}

/* How long from `now_ns` until `then_ns`: 0 if that is past, the longest time
 * there is if it lies beyond. */
static inline int64_t instant_until(int64_t now_ns, int64_t then_ns)
{
    int64_t between_ns;

    if (then_ns <= now_ns)
        return 0;
    return __builtin_sub_overflow(then_ns, now_ns, &between_ns) ? INT64_MAX
                                                                : between_ns;
}

#endif
