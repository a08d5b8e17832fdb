/*
 * A block of networks: their prefixes, and a binary trie over them in which
 * every node decides one bit. Private to roster.c.
 * Threads: any, immutable.
 */
#ifndef POLICY_RULE_ROSTER_TRIE_H
#define POLICY_RULE_ROSTER_TRIE_H

#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/roster.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the text is an address or a network. If not, *why completes "the
 * entry ...". */
bool roster_trie_check(struct str entry, const char **why);

/* As roster_build. */
struct str roster_trie_build(const struct str *entries, uint32_t count,
                             struct arena *arena);

/* Whether nodes and prefixes lie within the block. */
bool roster_trie_is_sound(struct str block);

/* Is the address in one of the networks? block: sound. */
bool roster_trie_has(struct str block, const struct ip *ip);

#endif
