#include "policy/check/enforce.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t hash(struct str text, uint64_t seed)
{
    return XXH64(text.data ? text.data : "", text.len, seed);
}

bool enforce_decide(const struct enforcement *enforcement, struct str name,
                    struct bag *bag, bool *is_shadow, struct eval_error *error)
{
    struct value value;
    struct str text;

    *is_shadow = enforcement->mode == MODE_SHADOW;
    if (*is_shadow || !enforcement->by)
        return true;
    if (code_eval(enforcement->by, bag, &value, error) != EVAL_OK)
        return false;
    text = value_text(&value, bag->arena);
    if (!text.data)
        return false;
    *is_shadow = hash(text, hash(name, 0)) % 100 >= enforcement->percent;
    return true;
}
