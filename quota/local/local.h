/*
 * The memory store: one mapping of fixed size, made by the master, here or in a
 * file (store_file.h), and shared by all workers of one machine. Shards under
 * process-shared robust mutexes; an undo record is written before each change
 * and rolled back when the owner of a lock died. Bounded: expired entries go
 * first, then live ones, counted; see room.h. Its time is in timeline.h.
 * Model: nginx's shared zones.
 * Threads: a struct store belongs to one thread; the mapping to all.
 */
#ifndef QUOTA_LOCAL_LOCAL_H
#define QUOTA_LOCAL_LOCAL_H

#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

#define LOCAL_SIZE_MIN_BYTES (UINT64_C(1) << 20)
#define LOCAL_SIZE_MAX_BYTES (UINT64_C(1) << 40)

/*
 * How long an operation waits for a shard. A lock is held for about a
 * microsecond, but on a busy machine its holder may be preempted for many
 * milliseconds; to give up then would let pass what the limit forbids. A
 * holder that does not come back at all (stopped, not dead) costs one operation
 * that wait, further ones little.
 */
#define LOCAL_WAIT_NS INT64_C(20000000)
#define LOCAL_WAIT_AGAIN_NS INT64_C(1000000)

/*
 * How many leases of one key a store of that size (in the range above) holds:
 * all of a key lies in one of its shards. Beyond that live ones are dropped,
 * those that end first.
 */
uint64_t local_leases_per_key(uint64_t size_bytes);

/* Makes an empty store in a memfd, preallocated; not close-on-exec. -1 with
 * errno if there is no room. */
int local_create(uint64_t size_bytes);

/* Opens it in this process. NULL if `fd` holds none of this version. */
struct store *local_open(int fd);

/* How full it is, for /status. */
struct local_usage {
    uint64_t size_bytes;
    uint64_t cells, free_cells;
    uint64_t keys, leases;
};
void local_usage(struct store *store, struct local_usage *usage);

#endif
