/*
 * Keeps room in a shard. A hand goes round its nodes and frees what has ended;
 * so no node need be in a list by time. When there is no room, of 16 nodes
 * spread over the shard the one is dropped that would end first; in place of a
 * gate, its oldest lease. So what has ended goes first, then what ends soon.
 * Each step is committed by itself.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_ROOM_H
#define QUOTA_LOCAL_ROOM_H

#include "quota/local/shard.h"

#include <stdint.h>

/* Frees the leases of `key` that have ended, at most ROOM_EXPIRED_MAX: more
 * must wait for the next operation. */
#define ROOM_EXPIRED_MAX 512
void room_expire(struct shard *shard, const struct quota_id *key,
                 int64_t now_ns);

/* Lets the hand go on, and makes `count` nodes free. Returns how many live
 * ones were dropped for that. */
uint32_t room_make(struct shard *shard, uint32_t count, int64_t now_ns);

#endif
