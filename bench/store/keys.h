/*
 * Keys to choose from, as texts.
 * Threads: any, immutable.
 */
#ifndef BENCH_STORE_KEYS_H
#define BENCH_STORE_KEYS_H

#include "policy/base/str.h"

#include <stdint.h>

#define KEY_LEN 15

struct keys {
    char (*texts)[KEY_LEN + 1];
    uint32_t count;
};

void keys_init(struct keys *keys, uint32_t count);
void keys_fini(struct keys *keys);

static inline struct str keys_at(const struct keys *keys, uint32_t n)
{
    return (struct str){ keys->texts[n], KEY_LEN };
}

/* One at random. *random: not 0; different per process. */
struct str keys_any(const struct keys *keys, uint64_t *random);

#endif
