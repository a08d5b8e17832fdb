#include "bench/load/latency.h"

#include "policy/base/hdr.h"

#include <assert.h>

void latency_record(struct latency *latency, int64_t value_ns)
{
    if (value_ns < 0)
        value_ns = 0;
    latency->buckets[hdr_bucket((uint64_t)value_ns, LATENCY_STEP_BITS,
                                LATENCY_BUCKETS)]++;
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
        int64_t bound = hdr_bound(i, LATENCY_STEP_BITS);

        seen += latency->buckets[i];
        /* Without rounding: seen / count >= per_mille / 1000. */
        if (seen > 0 && seen * 1000 >= latency->count * per_mille)
            return bound < latency->max_ns ? bound : latency->max_ns;
    }
    return latency->max_ns;
}
