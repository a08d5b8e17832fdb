/*
 * One part of the memory store: a lock, an undo log, and a hash table of nodes
 * of one line each. It lies in memory that several processes map at different
 * addresses, so it holds indices, never pointers. A process that dies with the
 * lock held leaves it to the next one, which undoes what was half done.
 *
 * Functions are called under the lock, but for those up to shard_lock. Every
 * change to a line is announced by shard_touch; it stands after shard_commit.
 * Threads: any, under the lock.
 */
#ifndef QUOTA_LOCAL_SHARD_H
#define QUOTA_LOCAL_SHARD_H

#include "quota/algo/token_bucket.h"
#include "quota/local/undo.h"
#include "quota/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_kind {
    NODE_FREE,
    NODE_BUCKET,    /* usage of a token bucket */
    NODE_WINDOW,    /* usage of a fixed window */
    NODE_ROLLING,   /* usage of a rolling window: its newest bucket */
    NODE_SPAN,      /* older buckets of a rolling window; has no name */
    NODE_GATE,      /* leases of a key; there is at least one */
    NODE_LEASE,     /* slots that are held */
    NODE_TOMBSTONE, /* a release that came before its take */
    NODE_RECORD,    /* what a retry is answered */
};
#define NODE_KINDS 9

/* Leases in the order of their end; 0: none. */
struct gate {
    int64_t held; /* units of all */
    uint32_t oldest, newest;
};

struct lease {
    int64_t units;
    uint32_t gate;
    uint32_t older, newer; /* 0: none */
};

struct rolling {
    int64_t start_ns; /* of the newest bucket, which ends with the node */
    uint32_t units;   /* of it, > 0 */
    uint32_t oldest;  /* the chain of older ones; 0: none */
};

/* Buckets as they end; those of 0 units, at the end of a chain, are unused. */
#define SPAN_BUCKETS 4
struct span {
    uint32_t owner; /* of NODE_ROLLING */
    uint32_t newer; /* 0: none */
    uint32_t units[SPAN_BUCKETS];
    int64_t ends_ns[SPAN_BUCKETS];
};

struct node {
    alignas(UNDO_LINE_BYTES) enum node_kind kind;
    uint32_t next; /* with the same head, or free; 0: none */
    union {
        struct {
            struct quota_id name;
            int64_t ends_ns; /* from when on it means nothing; not of a gate */
            union {
                struct token_bucket bucket;
                int64_t used; /* of a window, which ends with the node */
                struct rolling rolling;
                struct gate gate;
                struct lease lease;
                int64_t granted; /* of a record */
            };
        };
        struct span span;
    };
};
static_assert(sizeof(struct node) == UNDO_LINE_BYTES, "a node is one line");

/*
 * nodes[0] is never used, then come record_count for records, which are used
 * in turn, then those for everything else.
 */
struct shard {
    pthread_mutex_t lock;
    uint32_t head_count, record_count, node_count; /* fixed by its size */
    int64_t seen_ns; /* the latest time of an operation; never undone */
    alignas(UNDO_LINE_BYTES) struct undo undo;
    struct root {
        alignas(UNDO_LINE_BYTES) uint32_t free; /* chain of freed nodes */
        uint32_t fresh;              /* nodes from here on were never used */
        uint32_t record;             /* the next to be used */
        uint32_t hand;               /* see room.h */
        uint32_t counts[NODE_KINDS]; /* nodes by kind; not NODE_FREE */
    } root;
    alignas(UNDO_LINE_BYTES) uint32_t heads[];
};
static_assert(offsetof(struct shard, undo) == UNDO_LINE_BYTES,
              "what every operation writes is one line");

/* What a key costs in memory, and so does a lease. */
#define NODE_AND_HEAD_BYTES (sizeof(struct node) + sizeof(uint32_t))
static_assert(NODE_AND_HEAD_BYTES <= 96, "a promise, see docs/operation.md");

/* Makes an empty shard of `size` bytes, zeroed, at least SHARD_BYTES_MIN. */
#define SHARD_BYTES_MIN ((size_t)64 * 1024)
void shard_init(struct shard *shard, size_t size);

/* How many nodes it then has for all but records. */
uint32_t shard_cells(size_t size);

/* Whether its counts are those of a shard of that size. */
bool shard_has_shape(const struct shard *shard, size_t size);

/* Makes the lock new, whoever held it: nobody else has the shard. */
void shard_renew_lock(struct shard *shard);

enum shard_result {
    SHARD_LOCKED,
    SHARD_RECOVERED, /* locked; its last owner died with the lock held */
    SHARD_TIMEOUT,   /* not locked */
};

/* Waits for the lock, at most wait_ns. */
enum shard_result shard_lock(struct shard *shard, int64_t wait_ns);

/* Everything is committed or rolled back by then. */
void shard_unlock(struct shard *shard);

/* An operation begins. */
static inline void shard_see(struct shard *shard, int64_t now_ns)
{
    if (shard->seen_ns < now_ns)
        shard->seen_ns = now_ns;
}

void shard_commit(struct shard *shard);
void shard_roll_back(struct shard *shard);

/* Announces that the line of `address` will be changed. */
static inline void shard_touch(struct shard *shard, const void *address)
{
    undo_save(&shard->undo, address);
}

static inline struct node *shard_node(struct shard *shard, uint32_t index)
{
    size_t heads = (size_t)shard->head_count * sizeof(shard->heads[0]);

    return (struct node *)(void *)((char *)shard->heads + heads) + index;
}

static inline uint32_t shard_index(struct shard *shard, const struct node *node)
{
    return (uint32_t)(node - shard_node(shard, 0));
}

/* The node of that kind and name, or NULL. */
struct node *shard_find(struct shard *shard, enum node_kind kind,
                        const struct quota_id *name);

/* Free nodes, for all kinds but NODE_RECORD. */
uint32_t shard_free_count(const struct shard *shard);

/* Adds a node that is not there yet, zeroed but for kind and name; touched.
 * A free one must be left. */
struct node *shard_add(struct shard *shard, enum node_kind kind,
                       const struct quota_id *name);

/* The same for NODE_SPAN, which has no name: some other node leads to it. */
struct node *shard_add_span(struct shard *shard);

/* The same for NODE_RECORD, in place of the oldest of all records. */
struct node *shard_add_record(struct shard *shard, const struct quota_id *name);

/* Takes a node, not of NODE_RECORD, out and frees it. */
void shard_drop(struct shard *shard, struct node *node);

/* Takes one of NODE_RECORD out. */
void shard_drop_record(struct shard *shard, struct node *node);

#endif
