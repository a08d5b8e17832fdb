#include "bench/load/latency.h"

#include <assert.h>

#define STEPS (1U << LATENCY_STEP_BITS)

/* Below STEPS a bucket is one value; from there on STEPS buckets for each
 * power of two, each 2^shift wide. */
static uint32_t bucket_of(uint64_t value)
{
    unsigned shift;
    uint64_t index;

    if (value < STEPS)
        return (uint32_t)value;
    shift = 63U - (unsigned)__builtin_clzll(value) - LATENCY_STEP_BITS;
    index = ((uint64_t)shift << LATENCY_STEP_BITS) + (value >> shift);
    return index < LATENCY_BUCKETS ? (uint32_t)index : LATENCY_BUCKETS - 1;
}

static int64_t bound_ns(uint32_t index)
{
    unsigned shift = index < STEPS ? 0 : index / STEPS - 1;

    return ((int64_t)(index - shift * STEPS + 1) << shift) - 1;
}

void latency_record(struct latency *latency, int64_t value_ns)
{
    if (value_ns < 0)
        value_ns = 0;
    latency->buckets[bucket_of((uint64_t)value_ns)]++;
    latency->count++;
    if (value_ns > latency->max_ns)
        latency->max_ns = value_ns;
}

void latency_add(struct latency *latency, const struct latency *other)
{
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
        latency->buckets[i] += other->buckets[i];
    latency->count += other->count;
    if (other->max_ns > latency->max_ns)
        latency->max_ns = other->max_ns;
}

int64_t latency_percentile_ns(const struct latency *latency, uint32_t per_mille)
{
    uint64_t seen = 0;

    assert(per_mille <= 1000);
    for (uint32_t i = 0; i < LATENCY_BUCKETS - 1; i++) {
        int64_t bound = bound_ns(i);

        seen += latency->buckets[i];
        /* Without rounding: seen / count >= per_mille / 1000. */
        if (seen > 0 && seen * 1000 >= latency->count * per_mille)
            return bound < latency->max_ns ? bound : latency->max_ns;
    }
    return latency->max_ns;
}
