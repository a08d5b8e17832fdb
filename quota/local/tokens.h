/*
 * Charges a quota of TOKEN_BUCKET in a shard. A bucket has a node while tokens
 * are in use, by the limit that it was last charged under.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_TOKENS_H
#define QUOTA_LOCAL_TOKENS_H

#include "quota/local/site.h"

#include <stdint.h>

/* Takes, or looks: charge->amount >= 0. Fills a zeroed grant. Adds at most one
 * node. */
void tokens_take(const struct site *site, const struct charge *charge,
                 struct quota_grant *grant);

/* Gives back: charge->amount < 0. Fills a zeroed grant. */
void tokens_give_back(const struct site *site, const struct charge *charge,
                      struct quota_grant *grant);

/* How many can be had now. */
int64_t tokens_left(const struct site *site, const struct charge *charge);

#endif
