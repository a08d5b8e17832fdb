/*
 * Whether a shard is as it must be between two operations, whatever happened
 * before: then every operation on it ends, and touches nothing else. A store
 * that lies in a file may have any bytes: the system may have crashed with
 * some pages written and others not.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_VERIFY_H
#define QUOTA_LOCAL_VERIFY_H

#include "quota/local/shard.h"

/* What is wrong, or NULL. Of the shard's shape; and nothing is to be undone.
 * Looks at each node once or twice. */
const char *verify_shard(struct shard *shard);

#endif
