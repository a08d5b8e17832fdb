/*
 * Decides when to stop asking a store that does not answer, and when to try
 * again. Closed: operations go out. After BREAKER_FAILURES in a row it opens:
 * operations are answered as an outage at once, and after a while one probe
 * goes out (half-open) that closes it or opens it again, for longer. The
 * back-off is jittered, so that many replicas do not probe together, and only
 * an operation that succeeds resets it: a store that answers probes and
 * nothing else is not asked faster and faster.
 * Pure. Threads: its owner's.
 */
#ifndef QUOTA_REDIS_BREAKER_H
#define QUOTA_REDIS_BREAKER_H

#include "policy/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_FAILURES 5
/* A wait is between half and all of a back-off that doubles. */
#define BREAKER_BACKOFF_MIN_NS (10 * MILLISECOND)
#define BREAKER_BACKOFF_MAX_NS (250 * MILLISECOND)

enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN,
};

struct breaker {
    enum breaker_state state;
    uint32_t failure_count; /* in a row, while closed */
    int64_t backoff_ns;     /* of the next time it opens */
    int64_t probe_at_ns;    /* BREAKER_OPEN: when a probe is due */
    uint64_t random;        /* state of the jitter */
};

/* Open, with a probe due at once, at any time >= 0. seed: any; different per
 * process. */
void breaker_init(struct breaker *breaker, uint64_t seed);

/* A probe is due: open, and the wait is over. */
bool breaker_is_due(const struct breaker *breaker, int64_t now_ns);

/* A probe that was due goes out: half-open. */
void breaker_probe(struct breaker *breaker);

/* An operation or the probe succeeded: closed. Not while open: the answer to
 * an operation from before is no reason to believe that the next will be
 * answered in time. */
void breaker_succeed(struct breaker *breaker);

/* An operation failed. One too many in a row opens it. No effect while it is
 * not closed: then the probe decides. */
void breaker_fail(struct breaker *breaker, int64_t now_ns);

/* The probe failed, or the store is known to be away: opens at once. No effect
 * while open. */
void breaker_trip(struct breaker *breaker, int64_t now_ns);

#endif
