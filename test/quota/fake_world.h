/*
 * A Redis store over a server that answers as it is told, and what the store
 * says of its connection.
 * Threads: one.
 */
#ifndef TEST_QUOTA_FAKE_WORLD_H
#define TEST_QUOTA_FAKE_WORLD_H

#include "quota/redis/redis.h"
#include "test/support/fake_redis.h"

#include <stdint.h>

/* Of an operation, unless settings.deadline_ns is set to another. */
#define WORLD_DEADLINE_NS INT64_C(30000000)

struct world {
    struct fake_redis redis;
    struct redis_settings settings;
    int up_count, down_count;
    char fault[300]; /* as told by the store */
};

void world_init(struct world *world);
void world_fini(struct world *world);

/* With world->settings; the test's to free. */
struct store *world_open(struct world *world);

/* Turns of the server and the store, for `ns`. */
void world_run(struct world *world, struct store *store, int64_t ns);
void world_run_until_up(struct world *world, struct store *store);

#endif
