/*
 * The usage of one key under a limit of any algorithm but CONCURRENCY, and what
 * can be done with it: each algorithm's own functions under one name. First
 * comes rate_pass, then whatever is asked at that time.
 * Times are ns of one clock of the caller's; where limits keep to the calendar,
 * since 1970 UTC.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_RATE_H
#define QUOTA_ALGO_RATE_H

#include "quota/algo/fixed_window.h"
#include "quota/algo/rolling_window.h"
#include "quota/algo/token_bucket.h"
#include "quota/limit.h"

#include <stdint.h>

/* Which one: limit->algorithm. */
union rate {
    struct token_bucket bucket;
    struct fixed_window fixed;
    struct rolling_window rolling;
};

/* Nothing in use. */
void rate_init(union rate *rate, const struct limit *limit);

/* Frees what is free by now_ns. */
void rate_pass(union rate *rate, const struct limit *limit, int64_t now_ns);

/* Units in use; what can be had now. */
int64_t rate_used(const union rate *rate, const struct limit *limit);
int64_t rate_left(const union rate *rate, const struct limit *limit);

/* Takes 0 .. rate_left. */
void rate_take(union rate *rate, const struct limit *limit, int64_t now_ns,
               int64_t units);

/* Gives `units` (>= 0) back, as far as they are in use; returns how many. */
int64_t rate_give_back(union rate *rate, const struct limit *limit,
                       int64_t units);

/* How long until `units` (>= 0) can be had: 0 for now, -1 for never. */
int64_t rate_wait_ns(const union rate *rate, const struct limit *limit,
                     int64_t now_ns, int64_t units);

/* For how long `units` that were taken may be used. */
int64_t rate_valid_ns(const union rate *rate, const struct limit *limit,
                      int64_t now_ns, int64_t units);

/* When what is in use is free again; INT64_MAX: never, or too late to tell.
 * Where nothing is in use: at any time that is past. */
int64_t rate_ends_ns(const union rate *rate, const struct limit *limit);

/* How long until then: 0 where nothing is in use, -1 for never. */
int64_t rate_full_after_ns(const union rate *rate, const struct limit *limit,
                           int64_t now_ns);

#endif
