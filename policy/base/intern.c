#include "policy/base/intern.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct intern_slot {
    uint64_t hash;
    struct str text;
    uint32_t tag;
    uint32_t number; /* INTERN_NONE: free */
};

#define CAPACITY_FIRST 16

void intern_init(struct intern *intern, struct arena *arena)
{
    *intern = (struct intern){ .arena = arena };
}

static uint64_t hash_of(uint32_t tag, struct str text)
{
    return XXH3_64bits_withSeed(text.data ? text.data : "", text.len, tag);
}

/* The slot of the text, or the free one where it belongs. */
static struct intern_slot *find_slot(const struct intern *intern, uint64_t hash,
                                     uint32_t tag, struct str text)
{
    uint32_t mask = intern->capacity - 1;
    uint32_t i = (uint32_t)hash & mask;

    /* At most half of the slots are in use, so a free one comes. */
    for (;; i = (i + 1) & mask) {
        struct intern_slot *slot = &intern->slots[i];

        if (slot->number == INTERN_NONE ||
            (slot->hash == hash && slot->tag == tag &&
             str_eq(slot->text, text)))
            return slot;
    }
}

uint32_t intern_find(const struct intern *intern, uint32_t tag, struct str text)
{
    if (intern->capacity == 0)
        return INTERN_NONE;
    return find_slot(intern, hash_of(tag, text), tag, text)->number;
}

static void grow(struct intern *intern)
{
    struct intern larger = *intern;

    larger.capacity =
        intern->capacity == 0 ? CAPACITY_FIRST : 2 * intern->capacity;
    larger.slots =
        arena_alloc(intern->arena, larger.capacity * sizeof(larger.slots[0]));
    for (uint32_t i = 0; i < larger.capacity; i++)
        larger.slots[i].number = INTERN_NONE;
    for (uint32_t i = 0; i < intern->capacity; i++) {
        const struct intern_slot *slot = &intern->slots[i];

        if (slot->number != INTERN_NONE)
            *find_slot(&larger, slot->hash, slot->tag, slot->text) = *slot;
    }
    *intern = larger;
}

uint32_t intern_add(struct intern *intern, uint32_t tag, struct str text)
{
    uint64_t hash = hash_of(tag, text);
    struct intern_slot *slot;

    if (2 * (intern->count + 1) > intern->capacity)
        grow(intern);
    slot = find_slot(intern, hash, tag, text);
    if (slot->number == INTERN_NONE)
        *slot = (struct intern_slot){ hash, text, tag, intern->count++ };
    return slot->number;
}
