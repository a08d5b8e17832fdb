#include "policy/attr/refs.h"

#define CAPACITY_FIRST 16

void refs_init(struct refs *refs, struct arena *arena)
{
    *refs = (struct refs){ .arena = arena };
}

static bool is_same(const struct ref *a, const struct ref *b)
{
    return a->attribute == b->attribute &&
           (a->key.data ? b->key.data && str_eq(a->key, b->key) : !b->key.data);
}

static bool grow(struct refs *refs)
{
    uint32_t capacity =
        refs->capacity == 0 ? CAPACITY_FIRST : 2 * refs->capacity;
    struct ref *items = arena_alloc(refs->arena, capacity * sizeof(*items));

    if (!items)
        return false;
    if (refs->count > 0)
        memcpy(items, refs->items, refs->count * sizeof(*items));
    refs->items = items;
    refs->capacity = capacity;
    return true;
}

void refs_add(struct refs *refs, struct ref ref)
{
    /* A decision reads few attributes, so walking is the fastest look-up. */
    for (uint32_t i = 0; i < refs->count; i++)
        if (is_same(&refs->items[i], &ref))
            return;
    if (refs->count < refs->capacity || grow(refs))
        refs->items[refs->count++] = ref;
}
