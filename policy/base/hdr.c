#include "policy/base/hdr.h"

/* Below 2 * steps a bucket is one value; from there on there are `steps`
 * buckets for each power of two, each 2^shift wide. */

uint32_t hdr_bucket(uint64_t value, unsigned step_bits, uint32_t bucket_count)
{
    uint64_t index = value;

    if (value >> step_bits != 0) {
        unsigned shift = 63U - (unsigned)__builtin_clzll(value) - step_bits;

        index = ((uint64_t)shift << step_bits) + (value >> shift);
    }
    return index < bucket_count ? (uint32_t)index : bucket_count - 1;
}

int64_t hdr_bound(uint32_t bucket, unsigned step_bits)
{
    uint32_t steps = UINT32_C(1) << step_bits;
    uint32_t shift = bucket < steps ? 0 : bucket / steps - 1;

    return ((int64_t)(bucket - shift * steps + 1) << shift) - 1;
}
