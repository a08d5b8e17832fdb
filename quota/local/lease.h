/*
 * The leases of a shard: each belongs to the gate of its key, which keeps them
 * in the order of their end. A gate exists as long as it has a lease.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_LEASE_H
#define QUOTA_LOCAL_LEASE_H

#include "quota/local/shard.h"

#include <stdint.h>

/* Adds a lease of `units` (> 0), which is not there yet, and the gate of `key`
 * where there is none. Two free nodes must be left. */
void lease_add(struct shard *shard, const struct quota_id *key,
               const struct quota_id *name, int64_t units, int64_t ends_ns);

/*
 * Lets it end at another time. As for lease_add: O(1) as long as all leases of
 * a key are equally long. When they were shortened, a new one may end as late
 * as an old one, so that the work is bounded.
 */
void lease_renew(struct shard *shard, struct node *lease, int64_t ends_ns);

/* Takes `units` (1 .. its own) off; without any left it ends. */
void lease_shrink(struct shard *shard, struct node *lease, int64_t units);

/* Ends it. */
void lease_drop(struct shard *shard, struct node *lease);

/* The lease of `key` that ends first, or NULL if there is none. */
struct node *lease_oldest(struct shard *shard, const struct quota_id *key);

#endif
