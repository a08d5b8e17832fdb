/*
 * A token bucket: `amount` tokens come back per `period_ns`, at most `burst`
 * are in use. It counts what is in use and the part of a token that has come
 * back besides, in 1/period_ns, so nothing is rounded and nothing drifts, and
 * a change of amount or burst keeps the usage.
 * Source: ITU-T I.371, generic cell rate algorithm, continuous-state leaky
 * bucket form.
 * Limits are of TOKEN_BUCKET and within the ranges of quota/limit.h.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_TOKEN_BUCKET_H
#define QUOTA_ALGO_TOKEN_BUCKET_H

#include "quota/limit.h"

#include <stdint.h>

/* Zeroed: a bucket never seen, with nothing in use. */
struct token_bucket {
    int64_t used;  /* tokens, 0 .. LIMIT_AMOUNT_MAX */
    int64_t part;  /* 0 .. period_ns - 1; 0 while nothing is in use */
    int64_t at_ns; /* when that was so */
};

/* Gives back what has been regained until now_ns (>= 0). A time before the
 * last one regains nothing, so time that steps back is harmless. */
void token_bucket_regain(struct token_bucket *bucket, const struct limit *limit,
                         int64_t now_ns);

/* The tokens that can be had now; 0 where the limit denies all. */
int64_t token_bucket_left(const struct token_bucket *bucket,
                          const struct limit *limit);

/* Takes 0 .. token_bucket_left. */
void token_bucket_take(struct token_bucket *bucket, int64_t tokens);

/* Gives `tokens` (>= 0) back, as far as they are in use; returns how many. */
int64_t token_bucket_give_back(struct token_bucket *bucket, int64_t tokens);

/* How long until `tokens` (>= 0) can be had: 0 for now, -1 for never. */
int64_t token_bucket_wait_ns(const struct token_bucket *bucket,
                             const struct limit *limit, int64_t tokens);

/* How long until nothing is in use; INT64_MAX if that is too long, or never. */
int64_t token_bucket_idle_ns(const struct token_bucket *bucket,
                             const struct limit *limit);

/* How long `tokens` (0 .. LIMIT_AMOUNT_MAX) take to come back, rounded up; as
 * above. */
int64_t token_bucket_time_ns(const struct limit *limit, int64_t tokens);

#endif
