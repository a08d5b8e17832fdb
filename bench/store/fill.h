/*
 * Rolling windows of which all buckets are in use before anything is measured:
 * as they cost most. Nothing for subjects that are not filled.
 * Threads: one at a time.
 */
#ifndef BENCH_STORE_FILL_H
#define BENCH_STORE_FILL_H

#include "bench/store/keys.h"
#include "bench/store/subject.h"
#include "quota/store.h"

#include <stdint.h>

/* In the memory store: uses each key once in each bucket, from now_ns on.
 * Returns by how much the store's time is ahead then; -1: something was
 * refused. */
int64_t fill_memory(const struct subject *subject, struct store *store,
                    const struct keys *keys, int64_t now_ns);

/*
 * In Redis, at an address as in link.h: writes the windows as the store's
 * script would have left them, and makes sure that the store reads them so.
 * Returns why that failed, or NULL.
 */
const char *fill_redis(const struct subject *subject, const char *server,
                       const struct keys *keys);

#endif
