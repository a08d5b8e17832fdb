/*
 * What room usage takes. Threads: one at a time.
 */
#ifndef BENCH_STORE_ROOM_H
#define BENCH_STORE_ROOM_H

#include "bench/store/keys.h"
#include "bench/store/subject.h"

#include <stdbool.h>

/* These make usage: one unit of each key, or in each bucket where the subject
 * is filled; is_one_key: as many of the first key as there are keys. */

/* In a memory store. Returns the bytes per key: the share of the store that was
 * free before and is used then, without what is set apart for records; < 0:
 * not all was granted. */
double room_in_memory(const struct subject *subject, const struct keys *keys,
                      bool is_one_key);

/* In Redis at "unix:/path", which knows best. Returns why that failed, or
 * NULL. */
const char *room_in_redis(const struct subject *subject, const char *server,
                          const struct keys *keys, bool is_one_key);

#endif
