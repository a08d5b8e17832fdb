/*
 * Random numbers that are the same in every run.
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators"
 * (SplitMix64).
 * Threads: its owner's.
 */
#ifndef TEST_QUOTA_RANDOM_H
#define TEST_QUOTA_RANDOM_H

#include <assert.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline struct random random_from(uint64_t seed)
{
    return (struct random){ seed };
}

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. limit - 1; limit > 0. */
static inline int64_t random_below(struct random *random, int64_t limit)
{
    assert(limit > 0);
    return (int64_t)(random_next(random) % (uint64_t)limit);
}

#endif
