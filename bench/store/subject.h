/*
 * What is measured: the store under one limit, or a floor, a plain use of Redis
 * that does as little as can be.
 * Pure; any thread.
 */
#ifndef BENCH_STORE_SUBJECT_H
#define BENCH_STORE_SUBJECT_H

#include "quota/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* Commands that take a key each; where there is a script, it takes them. */
struct floor {
    const char *command; /* or NULL */
    const char *script;
    uint32_t keys_per_command; /* at most */
    const char *arguments[2];  /* what follows the keys; or NULL */
};

struct subject {
    const char *name;
    struct floor floor;
    struct limit limit; /* of the store */
    bool is_floor;
    bool has_id;    /* each take has a deduplication id of its own */
    bool is_filled; /* ROLLING_WINDOW: all buckets of each key are in use before
                       anything is measured */
};

/* NULL: there is none of that name. */
const struct subject *subject_find(const char *name);

/* The n-th; NULL: there are less. */
const struct subject *subject_at(uint32_t n);

/* Of ROLLING_WINDOW: how many make up the window. */
#define SUBJECT_BUCKETS 20

#endif
