/*
 * Keys to choose from, as texts.
 * Threads: any, immutable.
 */
#ifndef BENCH_STORE_KEYS_H
#define BENCH_STORE_KEYS_H

#include "policy/base/str.h"

#include <stdint.h>

#define KEY_BYTES 16

struct keys {
    char (*texts)[KEY_BYTES];
    uint32_t count;
};

void keys_init(struct keys *keys, uint32_t count);
void keys_fini(struct keys *keys);

static inline struct str keys_at(const struct keys *keys, uint32_t n)
{
    return str_of(keys->texts[n]);
}

/* One at random. *random: not 0; different per process. */
struct str keys_any(const struct keys *keys, uint64_t *random);

#endif
