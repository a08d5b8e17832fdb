/*
 * A block of texts: a hash table with open addressing, and the texts behind
 * it. Private to roster.c.
 * Threads: any, immutable.
 */
#ifndef POLICY_RULE_ROSTER_SET_H
#define POLICY_RULE_ROSTER_SET_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/roster.h"

#include <stdbool.h>
#include <stdint.h>

/* type: ROSTER_STRING or ROSTER_STRING_NOCASE. Else as roster_build. */
struct str roster_set_build(enum roster_type type, const struct str *entries,
                            uint32_t count, uint64_t seed, struct arena *arena);

/* Whether the table lies within the block. What it refers to is checked when
 * it is used. */
bool roster_set_is_sound(struct str block);

/* block: sound. */
bool roster_set_has(struct str block, struct str text);

#endif
