/*
 * Charges a quota of any algorithm but CONCURRENCY in a shard. A key has a node
 * while something is in use, by the limit that it was last charged under.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_RATES_H
#define QUOTA_LOCAL_RATES_H

#include "quota/local/site.h"

/* Takes, or looks: charge->amount >= 0. Fills a zeroed grant but for what
 * rates_look fills. Adds at most two nodes. */
void rates_take(const struct site *site, const struct charge *charge,
                struct quota_grant *grant);

/* Gives back: charge->amount < 0. As above; adds none. */
void rates_give_back(const struct site *site, const struct charge *charge,
                     struct quota_grant *grant);

/* Fills what is left, and when the key is full again. */
void rates_look(const struct site *site, const struct charge *charge,
                struct quota_grant *grant);

#endif
