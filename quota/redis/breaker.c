#include "quota/redis/breaker.h"

#include <assert.h>

/* splitmix64; public domain, Sebastiano Vigna. */
static uint64_t next_random(struct breaker *breaker)
{
    uint64_t z = breaker->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void breaker_init(struct breaker *breaker, uint64_t seed)
{
    *breaker = (struct breaker){
        .state = BREAKER_OPEN,
        .backoff_ns = BREAKER_BACKOFF_MIN_NS,
        .random = seed,
    };
}

bool breaker_is_due(const struct breaker *breaker, int64_t now_ns)
{
    return breaker->state == BREAKER_OPEN && now_ns >= breaker->probe_at_ns;
}

void breaker_probe(struct breaker *breaker)
{
    assert(breaker->state == BREAKER_OPEN);
    breaker->state = BREAKER_HALF_OPEN;
}

void breaker_succeed(struct breaker *breaker)
{
    switch (breaker->state) {
    case BREAKER_CLOSED:
        breaker->failure_count = 0;
        breaker->backoff_ns = BREAKER_BACKOFF_MIN_NS;
        break;
    case BREAKER_HALF_OPEN:
        breaker->failure_count = 0;
        breaker->state = BREAKER_CLOSED;
        break;
    case BREAKER_OPEN:
        break;
    }
}

void breaker_fail(struct breaker *breaker, int64_t now_ns)
{
    if (breaker->state == BREAKER_CLOSED &&
        ++breaker->failure_count == BREAKER_FAILURES)
        breaker_trip(breaker, now_ns);
}

void breaker_trip(struct breaker *breaker, int64_t now_ns)
{
    uint64_t half = (uint64_t)breaker->backoff_ns / 2;

    if (breaker->state == BREAKER_OPEN)
        return;
    breaker->state = BREAKER_OPEN;
    breaker->probe_at_ns =
        now_ns + (int64_t)(half + next_random(breaker) % (half + 1));
    breaker->backoff_ns *= 2;
    if (breaker->backoff_ns > BREAKER_BACKOFF_MAX_NS)
        breaker->backoff_ns = BREAKER_BACKOFF_MAX_NS;
}
