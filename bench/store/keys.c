#include "bench/store/keys.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void keys_init(struct keys *keys, uint32_t count)
{
    assert(count > 0);
    *keys = (struct keys){ calloc(count, sizeof(keys->texts[0])), count };
    if (!keys->texts)
        abort();
    for (uint32_t n = 0; n < count; n++)
        snprintf(keys->texts[n], sizeof(keys->texts[n]), "user-%010" PRIu32, n);
}

void keys_fini(struct keys *keys)
{
    free(keys->texts);
    *keys = (struct keys){ 0 };
}

struct str keys_any(const struct keys *keys, uint64_t *random)
{
    /* Source: Marsaglia, Xorshift RNGs, 2003. */
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return keys_at(keys, (uint32_t)(*random % keys->count));
}
