/*
 * The record of what a decision read: each attribute, or each key of a map,
 * once, and whether it was present. Becomes ReferencedAttributes on the wire
 * (EXACT / ABSENCE) and the key of a client's cache.
 * Threads: its worker.
 */
#ifndef POLICY_ATTR_REFS_H
#define POLICY_ATTR_REFS_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct ref {
    uint32_t attribute;
    struct str key; /* of a map; data == NULL: the attribute itself */
    bool present;
};

struct refs {
    struct arena *arena;
    struct ref *items;
    uint32_t count, capacity;
};

void refs_init(struct refs *refs, struct arena *arena);

/* Adds a reference unless it is there. The key is borrowed. Where the arena's
 * limit is hit nothing is added; arena.is_exhausted tells. */
void refs_add(struct refs *refs, struct ref ref);

#endif
