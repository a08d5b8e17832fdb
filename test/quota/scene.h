/*
 * A memory store of its own, and a time that is moved by addition.
 * Threads: its owner's.
 */
#ifndef TEST_QUOTA_SCENE_H
#define TEST_QUOTA_SCENE_H

#include "quota/local/local.h"
#include "quota/store.h"

#include <stdint.h>

struct scene {
    struct store *store;
    int fd;
    int64_t now_ns;
};

struct scene scene_of(uint64_t size_bytes);

/* Checks the store, too. */
void scene_end(struct scene *scene);

/* A charge of one key, which is any number; without an id. */
struct quota_grant scene_take(struct scene *scene, const struct limit *limit,
                              uint64_t key, int64_t amount);

int64_t scene_left(struct scene *scene, const struct limit *limit,
                   uint64_t key);

struct local_usage scene_usage(struct scene *scene);

#endif
