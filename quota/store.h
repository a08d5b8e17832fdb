/*
 * Where usage is kept. A store takes all the quotas of one Check or none of
 * them, in one atomic step. Two kinds: quota/local (shared memory of one
 * machine) and quota/redis (shared by all replicas). Every store passes
 * test/quota/conformance.
 *
 * A function finishes now or later and its return value says which; it never
 * calls back before it returns.
 * Threads: one at a time per struct store (a worker has its own), while other
 * processes use the same data.
 */
#ifndef QUOTA_STORE_H
#define QUOTA_STORE_H

#include "policy/base/list.h"
#include "policy/base/str.h"
#include "policy/check/quota_request.h"
#include "quota/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* 128 bits that name a key, a lease or a deduplication id within a store. */
struct quota_id {
    uint8_t bytes[16];
};

/* One quota of one Check. */
struct charge {
    const struct limit *limit;
    struct str quota;    /* its name */
    struct quota_id key; /* store_hash of quota_request.key */
    struct str text;     /* of the key, for people; may be cut */
    int64_t amount;      /* > 0 takes, 0 looks, < 0 gives back */
    bool is_best_effort;
    bool is_shadow; /* charges as far as it can; what it would have
                       refused is marked is_refused in its grant, but does
                       not make the take TAKE_REFUSED */
    bool has_id;    /* `id` is the caller's deduplication id; a store
                       makes one where a lease needs it */
    struct quota_id id;
};

enum take_status {
    TAKE_GRANTED, /* every charge that can refuse was granted */
    TAKE_REFUSED, /* at least one refused; nothing was charged */
    TAKE_OUTAGE,  /* the store did not answer; grants are not filled */
};

/*
 * A request to a store. Its owner keeps it and all it points to alive until it
 * is answered. grants[i] answers charges[i].
 * TAKE_REFUSED: those that would have been granted say so with granted 0 and
 * is_refused false.
 */
struct take {
    struct charge charges[QUOTAS_PER_CHECK_MAX];
    struct quota_grant grants[QUOTAS_PER_CHECK_MAX];
    uint32_t count;
    enum take_status status;
    int64_t deadline_ns; /* CLOCK_BOOTTIME: answered by then at the latest */
    void (*done)(struct take *take); /* only after STORE_LATER; once */
    struct list link;                /* the store's, while it has it */
};

/* One lease to give back. */
struct lease_name {
    struct str quota; /* name */
    struct quota_id key, id;
};

struct release {
    struct lease_name leases[QUOTAS_PER_CHECK_MAX];
    uint32_t count;
    int64_t released; /* units that were held and are free now; -1: outage */
    int64_t deadline_ns;
    void (*done)(struct release *release); /* only after STORE_LATER; once */
    struct list link;
};

/* A lease that is held, as people are shown it. */
struct holder {
    struct quota_id id; /* tells leases of a key apart, and no more: a store
                           need not know by which id it was taken */
    int64_t units;
    int64_t ends_in_ns; /* when it ends by itself */
};

/* Who holds the slots of one key of CONCURRENCY. Reading only; an ended lease
 * is none, whether it was swept away or not. */
#define HOLDERS_MAX 64
#define HOLDERS_COUNT_MAX 256
struct holders {
    struct str quota; /* name */
    struct quota_id key;
    struct holder items[HOLDERS_MAX]; /* those that end first, in order */
    uint32_t count;                   /* of `items` */
    uint32_t lease_count;             /* of all; HOLDERS_COUNT_MAX stands for
                                         that many or more */
    int64_t units;                    /* of all leases */
    bool is_outage;                   /* the store did not answer */
    int64_t deadline_ns;
    void (*done)(struct holders *holders); /* only after STORE_LATER; once */
};

enum store_when {
    STORE_NOW,   /* answered; `done` will not be called */
    STORE_LATER, /* `done` is called once, from store_step */
};

/* What store_poll wants to be woken for. */
#define STORE_FDS_MAX 16
struct store_wait {
    struct {
        int fd;
        short events; /* POLLIN, POLLOUT */
        short revents;
    } fds[STORE_FDS_MAX];
    uint32_t fd_count;
    int64_t deadline_ns; /* step at the latest then; INT64_MAX: no need */
};

/* Counters a store keeps; read by its owner. */
#define STORE_STATS(X)                                                         \
    X(operations, "operations that a store was asked for")                     \
    X(outages, "operations that it did not answer in time")                    \
    X(evictions, "live entries dropped for want of room")                      \
    X(reconnects, "connections made to it")                                    \
    X(lock_timeouts, "shards that could not be locked in time")                \
    X(recoveries, "locks taken over from a process that died")

struct store_stats {
#define X(name, help) uint64_t name;
    STORE_STATS(X)
#undef X
};

struct store;

struct store_ops {
    enum store_when (*take)(struct store *store, struct take *take,
                            int64_t now_ns);
    enum store_when (*release)(struct store *store, struct release *release,
                               int64_t now_ns);
    enum store_when (*holders)(struct store *store, struct holders *holders,
                               int64_t now_ns);
    struct quota_id (*hash)(struct store *store, struct str bytes);
    void (*wait)(struct store *store, struct store_wait *wait);
    void (*step)(struct store *store, const struct store_wait *ready,
                 int64_t now_ns);
    void (*free)(struct store *store);
};

/* First member of every store. */
struct store {
    const struct store_ops *ops;
    struct store_stats stats;
    bool is_up; /* whether operations reach the data; false: an outage */
    /* Of a store with a clock of its own, once that is known: its time since
     * 1970 less CLOCK_BOOTTIME. */
    bool has_clock;
    int64_t clock_offset_ns;
};

/* Fills take->status and grants now, or later by take->done. now_ns:
 * CLOCK_BOOTTIME. */
static inline enum store_when store_take(struct store *store, struct take *take,
                                         int64_t now_ns)
{
    return store->ops->take(store, take, now_ns);
}

/* Gives leases back. Releasing twice, late or too much is harmless; a release
 * before its take leaves a tombstone for RELEASE_TOMBSTONE_NS. */
static inline enum store_when
store_release(struct store *store, struct release *release, int64_t now_ns)
{
    return store->ops->release(store, release, now_ns);
}

#define RELEASE_TOMBSTONE_NS INT64_C(10000000000)

/* Fills holders->items and what follows them, now or later by holders->done.
 * For people: it costs more than a take, and is not for the way of a call. */
static inline enum store_when
store_holders(struct store *store, struct holders *holders, int64_t now_ns)
{
    return store->ops->holders(store, holders, now_ns);
}

/* The 128-bit name of `bytes` in this store: nobody who chooses the bytes can
 * make two of them meet. The same in all processes that share the data. */
static inline struct quota_id store_hash(struct store *store, struct str bytes)
{
    return store->ops->hash(store, bytes);
}

/* Sockets and time that the store waits for; a memory store none. */
static inline void store_wait(struct store *store, struct store_wait *wait)
{
    store->ops->wait(store, wait);
}

/* Reads, writes, times out; runs `done` of all that is answered. ready: as
 * filled by store_wait with revents set; NULL: only write and time out. */
static inline void store_step(struct store *store,
                              const struct store_wait *ready, int64_t now_ns)
{
    store->ops->step(store, ready, now_ns);
}

/* Answers all that is under way as an outage, then frees. */
static inline void store_free(struct store *store)
{
    store->ops->free(store);
}

#endif
