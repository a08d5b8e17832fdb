/*
 * The memory of the store: a header and some shards. Made once, mapped by
 * every process that uses it, at different addresses.
 * Threads: any; the header is immutable.
 */
#ifndef QUOTA_LOCAL_MAPPING_H
#define QUOTA_LOCAL_MAPPING_H

#include "quota/local/names.h"
#include "quota/local/shard.h"

#include <stdbool.h>
#include <stdint.h>

/* One key lies in one shard, so there are few large ones: enough that workers
 * seldom meet. */
#define MAPPING_SHARDS_MAX 16

struct header {
    uint64_t magic;
    uint64_t layout; /* of this version */
    uint64_t size_bytes;
    uint64_t shard_bytes;
    uint32_t shard_count;
    /* What turns CLOCK_BOOTTIME into the store's time, which is the wall clock
     * as it was when the store was made, and never steps. */
    int64_t wall_offset_ns;
    struct secret secret;
};

struct mapping {
    struct header *header;
    uint64_t size_bytes;
};

/* An empty one in a memfd, preallocated, which keeps its size. size_bytes: at
 * least 1 MiB. -1 with errno if there is no room. */
int mapping_create(uint64_t size_bytes);

/* Maps it. False if `fd` holds none of this version. */
bool mapping_open(struct mapping *mapping, int fd);
void mapping_close(struct mapping *mapping);

/* The store's time, in ns since 1970 UTC, for one of CLOCK_BOOTTIME: what all
 * nodes are marked with. Never the last instant there is, so there is always a
 * later one. */
int64_t mapping_time(const struct mapping *mapping, int64_t boot_ns);

/* index: below header->shard_count. */
struct shard *mapping_shard(const struct mapping *mapping, uint32_t index);

/* In which shard everything of a key lies. */
uint32_t mapping_shard_of(const struct mapping *mapping,
                          const struct quota_id *key);

#endif
