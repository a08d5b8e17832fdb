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
    X(FIXED_WINDOW, "fixed_window")                                            \
    X(ROLLING_WINDOW, "rolling_window")                                        \
    X(CONCURRENCY, "concurrency")

enum limit_algorithm {
#define X(name, text) LIMIT_##name,
    LIMIT_ALGORITHMS(X)
#undef X
};

/* FIXED_WINDOW: where a window begins. Units of the calendar in UTC; a week
 * begins on Monday. */
#define CALENDARS(X)                                                           \
    X(NONE, "") /* with the first use */                                       \
    X(SECOND, "second")                                                        \
    X(MINUTE, "minute")                                                        \
    X(HOUR, "hour")                                                            \
    X(DAY, "day")                                                              \
    X(WEEK, "week")                                                            \
    X(MONTH, "month")                                                          \
    X(YEAR, "year")

enum calendar {
#define X(name, text) CALENDAR_##name,
    CALENDARS(X)
#undef X
};

static inline const char *calendar_text(enum calendar calendar)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CALENDARS(X)
#undef X
    };

    return texts[calendar];
}

enum on_outage {
    ON_OUTAGE_OPEN,   /* granted, counted */
    ON_OUTAGE_CLOSED, /* refused, counted */
    ON_OUTAGE_LOCAL,  /* charged in memory of this machine: quota/share.h */
};

/* Ranges that the loader guarantees and the algorithms rely on. */
#define LIMIT_AMOUNT_MAX INT64_C(1000000000)
#define LIMIT_PERIOD_MIN_NS INT64_C(1000000)        /* 1 ms */
#define LIMIT_PERIOD_MAX_NS INT64_C(86400000000000) /* 1 day */
#define LIMIT_WINDOW_MAX_NS (366 * LIMIT_PERIOD_MAX_NS)
/* ROLLING_WINDOW: into how many buckets its window may be divided. */
#define LIMIT_BUCKETS_MAX 100
#define LIMIT_BUCKET_MIN_NS INT64_C(1000) /* 1 us */

struct limit {
    enum limit_algorithm algorithm;
    /* TOKEN_BUCKET: `amount` per `period_ns`, at most `burst` at once.
     * FIXED_WINDOW, ROLLING_WINDOW: `amount` in each window of `period_ns`.
     * CONCURRENCY: `amount` is the most in flight. 0 denies all. */
    int64_t amount;         /* 0 .. LIMIT_AMOUNT_MAX */
    int64_t period_ns;      /* LIMIT_PERIOD_MIN_NS .. LIMIT_PERIOD_MAX_NS, of a
                               window .. LIMIT_WINDOW_MAX_NS */
    int64_t burst;          /* 1 .. LIMIT_AMOUNT_MAX */
    int64_t bucket_ns;      /* ROLLING_WINDOW: period_ns / LIMIT_BUCKETS_MAX, at
                               least LIMIT_BUCKET_MIN_NS .. period_ns */
    enum calendar calendar; /* FIXED_WINDOW; if not NONE, period_ns is the
                               longest that the unit can be */
    int64_t lease_ns;       /* CONCURRENCY: a lease ends by itself after this */
    int64_t dedup_ns;       /* how long a retry is recognised; 0: not at all */
    bool release_any;       /* CONCURRENCY: a negative amount frees the oldest,
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
