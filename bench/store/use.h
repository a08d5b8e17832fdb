/*
 * Single uses of a store, and waiting for them.
 * Threads: one at a time.
 */
#ifndef BENCH_STORE_USE_H
#define BENCH_STORE_USE_H

#include "bench/store/keys.h"
#include "bench/store/subject.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Of all keys here. */
#define USE_PREFIX "bench"
#define USE_QUOTA "per-user"

/* So far ahead that a busy machine is no outage. */
#define USE_WITHIN_NS INT64_C(10000000000)

/* A Redis store, which is not connected yet. server: "unix:/path" or
 * "host:port"; of a cluster, one of its nodes. */
struct store *use_open_redis(const char *server, bool is_cluster);

/* One unit of `key`, without an id. */
struct charge use_charge(const struct subject *subject, struct store *store,
                         struct str key);

/* Makes the takes, at now_ns where the store has no time of its own, and waits
 * for the answers. False: not all were granted. */
bool use_take(struct store *store, struct take *takes, uint32_t count,
              int64_t now_ns);

/* Takes one unit of each key; or of the first, as often as there are keys.
 * Each take has an id of its own where the subject has ids. False: not all
 * were granted. */
bool use_keys(const struct subject *subject, struct store *store,
              const struct keys *keys, bool is_one_key, int64_t now_ns);

#endif
