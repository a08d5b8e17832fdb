/*
 * Numbers for texts: 0, 1, ... in the order in which they are added. A text
 * belongs to a tag, so that one table serves several kinds of texts. Filled
 * once, from what the operator wrote: whoever only looks texts up cannot make
 * it slow, so it needs no secret. Texts are borrowed, all memory is an arena's
 * without a limit.
 * Threads: one while it is filled, then any (immutable).
 */
#ifndef POLICY_BASE_INTERN_H
#define POLICY_BASE_INTERN_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdint.h>

struct intern {
    struct arena *arena;
    struct intern_slot *slots;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
};

void intern_init(struct intern *intern, struct arena *arena);

#define INTERN_NONE UINT32_MAX

/* The number of the text, or INTERN_NONE. */
uint32_t intern_find(const struct intern *intern, uint32_t tag,
                     struct str text);

/* The same; a new one if it has none. */
uint32_t intern_add(struct intern *intern, uint32_t tag, struct str text);

#endif
