#include "quota/algo/token_bucket.h"

#include <assert.h>

/* Tokens times nanoseconds need up to 77 bits, elapsed time times tokens 93. */
__extension__ typedef __int128 int128;

/* How long until `tokens`, less the part that has come back, have. */
static int64_t regain_ns(const struct limit *limit, int64_t tokens,
                         int64_t part)
{
    int128 missing, ns;

    if (tokens == 0)
        return 0;
    if (limit->amount == 0)
        return INT64_MAX;
    missing = (int128)tokens * limit->period_ns - part;
    ns = (missing + limit->amount - 1) / limit->amount;
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

void token_bucket_regain(struct token_bucket *bucket, const struct limit *limit,
                         int64_t now_ns)
{
    int128 regained, tokens;

    if (now_ns <= bucket->at_ns)
        return;
    regained = (int128)(now_ns - bucket->at_ns) * limit->amount + bucket->part;
    bucket->at_ns = now_ns;
    tokens = regained / limit->period_ns;
    if (tokens >= bucket->used) {
        bucket->used = 0;
        bucket->part = 0;
        return;
    }
    bucket->used -= (int64_t)tokens;
    bucket->part = (int64_t)(regained - tokens * limit->period_ns);
}

int64_t token_bucket_left(const struct token_bucket *bucket,
                          const struct limit *limit)
{
    if (limit->amount == 0 || bucket->used >= limit->burst)
        return 0;
    return limit->burst - bucket->used;
}

void token_bucket_take(struct token_bucket *bucket, int64_t tokens)
{
    assert(tokens >= 0 && tokens <= LIMIT_AMOUNT_MAX - bucket->used);
    bucket->used += tokens;
}

int64_t token_bucket_give_back(struct token_bucket *bucket, int64_t tokens)
{
    assert(tokens >= 0);
    if (tokens < bucket->used) {
        bucket->used -= tokens;
        return tokens;
    }
    tokens = bucket->used;
    bucket->used = 0;
    bucket->part = 0;
    return tokens;
}

int64_t token_bucket_wait_ns(const struct token_bucket *bucket,
                             const struct limit *limit, int64_t tokens)
{
    int64_t left = token_bucket_left(bucket, limit);

    if (tokens <= left)
        return 0;
    if (limit->amount == 0 || tokens > limit->burst)
        return -1;
    return regain_ns(limit, bucket->used - (limit->burst - tokens),
                     bucket->part);
}

int64_t token_bucket_idle_ns(const struct token_bucket *bucket,
                             const struct limit *limit)
{
    return regain_ns(limit, bucket->used, bucket->part);
}

int64_t token_bucket_time_ns(const struct limit *limit, int64_t tokens)
{
    return regain_ns(limit, tokens, 0);
}
