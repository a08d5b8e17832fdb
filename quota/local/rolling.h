/*
 * How a rolling window lies in a shard: its newest bucket in the node of its
 * key, the older ones in a chain of nodes of their own, some in each. A window
 * that has one bucket, as one that is seldom used, is a single line; a full one
 * of 20 buckets has six.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_ROLLING_H
#define QUOTA_LOCAL_ROLLING_H

#include "quota/algo/rolling_window.h"
#include "quota/local/shard.h"

#include <stdint.h>

void rolling_load(struct shard *shard, const struct node *node,
                  struct rolling_window *window);

/*
 * Writes a window that is not empty into a touched node of NODE_ROLLING. Adds
 * at most one node where the window has grown by a bucket, and touches no
 * older one that stays as it is: so where nothing has ended, five lines at
 * most. Where something has, half of what one commit may change.
 */
void rolling_save(struct shard *shard, struct node *node,
                  const struct rolling_window *window);

/* Drops a node, of any kind that shard_drop can drop, and the older buckets
 * where it is a rolling window. */
void rolling_drop(struct shard *shard, struct node *node);

/* Frees and commits the buckets of `key` that have ended. */
void rolling_expire(struct shard *shard, const struct quota_id *key,
                    int64_t now_ns);

#endif
