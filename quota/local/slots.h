/*
 * Charges a quota of CONCURRENCY in a shard, and releases its leases.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_SLOTS_H
#define QUOTA_LOCAL_SLOTS_H

#include "quota/local/site.h"

#include <stdint.h>

/* Takes, renews, or looks: charge->amount >= 0. grant->lease_id, set by the
 * caller, names the lease; the rest of the grant is zeroed and is filled here.
 * Adds at most two nodes. */
void slots_take(const struct site *site, const struct charge *charge,
                struct quota_grant *grant);

/* Gives back: charge->amount < 0. Fills a zeroed grant. Adds at most one node,
 * and commits for every lease that ends; at most SLOTS_ENDED_MAX do. */
#define SLOTS_ENDED_MAX 4096
void slots_give_back(const struct site *site, const struct charge *charge,
                     struct quota_grant *grant);

/* Fills what is left, and whether all is. */
void slots_look(const struct site *site, const struct charge *charge,
                struct quota_grant *grant);

/* Ends the lease of `key` named `id`, or leaves a tombstone: one node. Returns
 * its units. */
int64_t slots_release(const struct site *site, const struct quota_id *key,
                      const struct quota_id *id);

#endif
