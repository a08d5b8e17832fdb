/*
 * The attributes of one request. Reading records what was read, present or
 * not: from that a client learns on which attributes an answer depends.
 * Values are borrowed; they must live as long as the bag.
 * Threads: its worker.
 */
#ifndef POLICY_ATTR_BAG_H
#define POLICY_ATTR_BAG_H

#include "policy/attr/refs.h"
#include "policy/attr/value.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct bag {
    const struct vocabulary *vocabulary;
    struct arena *arena;  /* also for what an evaluation creates */
    struct value *values; /* by id; VALUE_NONE: absent */
    struct refs *refs;    /* where reads are recorded; NULL: nowhere */
    uint32_t mistyped_count;
};

/* An empty bag in `arena`. False if the arena's limit does not allow it. */
bool bag_init(struct bag *bag, const struct vocabulary *vocabulary,
              struct arena *arena);

/*
 * Sets attribute `id`. `value` is as the wire has it: STRING also for e-mail,
 * URI and DNS name; it takes the declared type. INT64 and DURATION pass for
 * each other (nanoseconds), as in Mixer. Any other mismatch is counted and
 * leaves the attribute absent.
 */
void bag_set(struct bag *bag, uint32_t id, struct value value);

/* The value, or NULL if absent. Records the read. */
const struct value *bag_get(struct bag *bag, uint32_t id);

enum bag_key {
    BAG_NO_MAP, /* the whole map is absent; recorded as absence of the map */
    BAG_NO_KEY, /* recorded as absence of that key */
    BAG_KEY,
};

/* One entry of STRING_MAP attribute `id`. Records map and key. */
enum bag_key bag_get_key(struct bag *bag, uint32_t id, struct str key,
                         struct str *value);

#endif
