#include "quota/algo/rate.h"

#include "quota/algo/instant.h"

#include <stdlib.h>

void rate_init(union rate *rate, const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        rate->bucket = (struct token_bucket){ 0 };
        return;
    case LIMIT_FIXED_WINDOW:
        rate->fixed = (struct fixed_window){ 0 };
        return;
    case LIMIT_ROLLING_WINDOW:
        /* Not all of its buckets. */
        rate->rolling.count = 0;
        return;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

void rate_pass(union rate *rate, const struct limit *limit, int64_t now_ns)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        token_bucket_regain(&rate->bucket, limit, now_ns);
        return;
    case LIMIT_FIXED_WINDOW:
        fixed_window_pass(&rate->fixed, now_ns);
        return;
    case LIMIT_ROLLING_WINDOW:
        rolling_window_pass(&rate->rolling, now_ns);
        return;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_used(const union rate *rate, const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return rate->bucket.used;
    case LIMIT_FIXED_WINDOW:
        return rate->fixed.used;
    case LIMIT_ROLLING_WINDOW:
        return rolling_window_used(&rate->rolling);
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_left(const union rate *rate, const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return token_bucket_left(&rate->bucket, limit);
    case LIMIT_FIXED_WINDOW:
        return fixed_window_left(&rate->fixed, limit);
    case LIMIT_ROLLING_WINDOW:
        return rolling_window_left(&rate->rolling, limit);
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

void rate_take(union rate *rate, const struct limit *limit, int64_t now_ns,
               int64_t units)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        token_bucket_take(&rate->bucket, units);
        return;
    case LIMIT_FIXED_WINDOW:
        fixed_window_take(&rate->fixed, limit, now_ns, units);
        return;
    case LIMIT_ROLLING_WINDOW:
        rolling_window_take(&rate->rolling, limit, now_ns, units);
        return;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_give_back(union rate *rate, const struct limit *limit,
                       int64_t units)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return token_bucket_give_back(&rate->bucket, units);
    case LIMIT_FIXED_WINDOW:
        return fixed_window_give_back(&rate->fixed, units);
    case LIMIT_ROLLING_WINDOW:
        return rolling_window_give_back(&rate->rolling, units);
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

/* A bucket tells times from when it was last looked at: later than now_ns if
 * time stepped back. */
static int64_t bucket_wait_ns(const struct token_bucket *bucket,
                              const struct limit *limit, int64_t now_ns,
                              int64_t units)
{
    int64_t wait_ns = token_bucket_wait_ns(bucket, limit, units);

    return wait_ns <= 0
               ? wait_ns
               : instant_until(now_ns, instant_after(bucket->at_ns, wait_ns));
}

int64_t rate_wait_ns(const union rate *rate, const struct limit *limit,
                     int64_t now_ns, int64_t units)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return bucket_wait_ns(&rate->bucket, limit, now_ns, units);
    case LIMIT_FIXED_WINDOW:
        return fixed_window_wait_ns(&rate->fixed, limit, now_ns, units);
    case LIMIT_ROLLING_WINDOW:
        return rolling_window_wait_ns(&rate->rolling, limit, now_ns, units);
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_valid_ns(const union rate *rate, const struct limit *limit,
                      int64_t now_ns, int64_t units)
{
    if (units == 0)
        return 0;
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return token_bucket_time_ns(limit, units);
    case LIMIT_FIXED_WINDOW:
        return instant_until(now_ns, rate->fixed.ends_ns);
    case LIMIT_ROLLING_WINDOW:
        return limit->period_ns;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_ends_ns(const union rate *rate, const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return instant_after(rate->bucket.at_ns,
                             token_bucket_idle_ns(&rate->bucket, limit));
    case LIMIT_FIXED_WINDOW:
        return rate->fixed.ends_ns;
    case LIMIT_ROLLING_WINDOW:
        return rolling_window_ends_ns(&rate->rolling);
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

int64_t rate_full_after_ns(const union rate *rate, const struct limit *limit,
                           int64_t now_ns)
{
    int64_t ends_ns = rate_ends_ns(rate, limit);

    if (rate_used(rate, limit) == 0)
        return 0;
    return ends_ns == INT64_MAX ? -1 : instant_until(now_ns, ends_ns);
}
