/*
 * A limit, compiled from the configuration: how much, how often, and what
 * holds when the store is away. Plain data of one snapshot.
 * Threads: any, immutable.
 */
#ifndef QUOTA_LIMIT_H
#define QUOTA_LIMIT_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_ALGORITHMS(X)                                                    \
    X(TOKEN_BUCKET, "token_bucket")                                            \
    X(CONCURRENCY, "concurrency")

enum limit_algorithm {
#define X(name, text) LIMIT_##name,
    LIMIT_ALGORITHMS(X)
#undef X
};

enum on_outage {
    ON_OUTAGE_OPEN,   /* granted, counted */
    ON_OUTAGE_CLOSED, /* refused, counted */
};

/* Ranges that the loader guarantees and the algorithms rely on. */
#define LIMIT_AMOUNT_MAX INT64_C(1000000000)
#define LIMIT_PERIOD_MIN_NS INT64_C(1000000)        /* 1 ms */
#define LIMIT_PERIOD_MAX_NS INT64_C(86400000000000) /* 1 day */

struct limit {
    enum limit_algorithm algorithm;
    /* TOKEN_BUCKET: `amount` per `period_ns`, at most `burst` at once.
     * CONCURRENCY: `amount` is the most in flight. 0 denies all. */
    int64_t amount;    /* 0 .. LIMIT_AMOUNT_MAX */
    int64_t period_ns; /* LIMIT_PERIOD_MIN_NS .. LIMIT_PERIOD_MAX_NS */
    int64_t burst;     /* 1 .. LIMIT_AMOUNT_MAX */
    int64_t lease_ns;  /* CONCURRENCY: a lease ends by itself after this */
    int64_t dedup_ns;  /* how long a retry is recognised; 0: not at all */
    bool release_any;  /* CONCURRENCY: a negative amount frees the oldest,
                          whatever the id */
};

/* All limits of one quota. */
struct quota_limits {
    struct str name; /* of the quota; part of Redis' keys */
    enum on_outage on_outage;
    const struct limit *limits; /* [0] its own, [n] its n-th override */
    uint32_t limit_count;
};

#endif
