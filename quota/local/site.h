/*
 * Where and when something is charged: a locked shard, and the time. What is
 * done there is not committed unless it says so.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_SITE_H
#define QUOTA_LOCAL_SITE_H

#include "quota/algo/instant.h"
#include "quota/local/names.h"
#include "quota/local/shard.h"

#include <stdbool.h>
#include <stdint.h>

struct site {
    struct shard *shard;
    const struct secret *secret;
    int64_t now_ns; /* the store's time: mapping_time */
};

/* Whether `node`, which may be NULL, still means something. */
static inline bool site_is_live(const struct site *site,
                                const struct node *node)
{
    return node && node->ends_ns > site->now_ns;
}

#endif
