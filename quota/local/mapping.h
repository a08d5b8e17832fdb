/*
 * The memory of the store: a header and some shards. Made once, mapped by
 * every process that uses it, at different addresses.
 * Threads: any; the header is immutable while anybody else has it.
 */
#ifndef QUOTA_LOCAL_MAPPING_H
#define QUOTA_LOCAL_MAPPING_H

#include "quota/local/names.h"
#include "quota/local/shard.h"
#include "quota/local/timeline.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * One key lies in one shard, so there are few large ones: enough that workers
 * seldom meet. Up to 4 of at least 1 MiB; more only of 16 MiB each.
 */
#define MAPPING_SHARDS_MAX 16

struct header {
    uint64_t magic;
    uint64_t layout; /* of this version */
    uint64_t size_bytes;
    uint64_t shard_bytes;
    uint32_t shard_count;
    struct secret secret;
    struct quota_id checksum; /* of all between magic and here */
    struct timeline time;
};

struct mapping {
    struct header *header;
    uint64_t size_bytes;
};

/* Of each of its shards. size_bytes: as below. */
uint64_t mapping_shard_bytes(uint64_t size_bytes);

/* An empty one in a memfd, preallocated, which keeps its size. size_bytes: at
 * least 1 MiB. -1 with errno if there is no room. */
int mapping_create(uint64_t size_bytes);

/* Makes an empty one in a file of that size, which is preallocated and holds
 * zeros. False with errno if it cannot be mapped. */
bool mapping_format(int fd, uint64_t size_bytes, const struct clocks *now);

/* Maps it. NULL; or why `fd` holds none that this version can use. */
const char *mapping_map(struct mapping *mapping, int fd);
bool mapping_open(struct mapping *mapping, int fd);
void mapping_close(struct mapping *mapping);

/* The store's time (timeline.h) when CLOCK_BOOTTIME is boot_ns: what all nodes
 * are marked with. Never the last instant there is, so there is always a later
 * one. */
int64_t mapping_time(const struct mapping *mapping, int64_t boot_ns);

/* Whether bytes that are no mapping are nevertheless one's: of another version,
 * or one that was not finished. head: the first MAPPING_MARK_BYTES. */
#define MAPPING_MARK_BYTES 8
bool mapping_is_ours(const void *head);

/* index: below header->shard_count. */
struct shard *mapping_shard(const struct mapping *mapping, uint32_t index);

/* In which shard everything of a key lies. */
uint32_t mapping_shard_of(const struct mapping *mapping,
                          const struct quota_id *key);

#endif
