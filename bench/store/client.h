/*
 * One process' closed loop: a number of operations in flight, each on a key at
 * random, and a new one for each that is done.
 * Threads: one.
 */
#ifndef BENCH_STORE_CLIENT_H
#define BENCH_STORE_CLIENT_H

#include "bench/store/keys.h"
#include "bench/store/subject.h"
#include "quota/store.h"

#include <stdint.h>

struct client {
    /* Goes on a little; waits at most CLIENT_WAIT_NS where there is nothing to
     * do. */
    void (*turn)(struct client *client, int64_t now_ns);
    void (*free)(struct client *client);
    uint64_t done_count;
    uint64_t outage_count; /* of a memory store, which can be waited for in
                              vain where a process is not run for long */
    const char *fault;     /* why nothing goes on; NULL: it does */
};

#define CLIENT_WAIT_NS INT64_C(10000000)

/* How many there may be in flight. */
#define CLIENT_DEPTH_MAX 1024

/* Of a store, which it frees in the end. CONCURRENCY: an operation is a take
 * and the release of what it took. A store that answers at once has no
 * operations in flight. ahead_ns: how far the store's time is ahead. */
struct client *store_client_new(const struct subject *subject,
                                struct store *store, const struct keys *keys,
                                uint32_t depth, int64_t ahead_ns);

/* Of a floor, by a connection of its own to `server`, as in link.h. */
struct client *floor_client_new(const struct subject *subject,
                                const char *server, const struct keys *keys,
                                uint32_t depth);

#endif
