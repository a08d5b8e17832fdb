/*
 * A distribution of latencies in HDR layout: 128 steps per power of two, so
 * that any percentile is right to 1 %, whatever its size.
 * Threads: one at a time.
 */
#ifndef BENCH_LOAD_LATENCY_H
#define BENCH_LOAD_LATENCY_H

#include <stdint.h>

/* From 0 to 2^37 ns, which is more than two minutes; what is beyond counts
 * into the last bucket. */
#define LATENCY_STEP_BITS 7
#define LATENCY_BUCKETS ((37 - LATENCY_STEP_BITS + 1) << LATENCY_STEP_BITS)

/* Zeroed, it is empty. */
struct latency {
    uint64_t buckets[LATENCY_BUCKETS];
    uint64_t count;
    int64_t max_ns; /* exact */
};

/* value_ns: negative counts as 0. */
void latency_record(struct latency *latency, int64_t value_ns);

/* Adds all values of `other`. */
void latency_add(struct latency *latency, const struct latency *other);

/*
 * The value that `per_mille` (0 .. 1000) of the values do not exceed: the
 * upper bound of its bucket, or the maximum if that is less. 0 if it is empty.
 */
int64_t latency_percentile_ns(const struct latency *latency,
                              uint32_t per_mille);

#endif
