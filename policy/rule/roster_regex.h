/*
 * A block of patterns as text; each process compiles them for itself, since
 * machine code cannot be passed on. They are searched for one after the other:
 * joined into one alternation they would be faster where all begin alike, but
 * many times slower where they do not, as PCRE2 then cannot skip ahead.
 * Private to roster.c.
 * Threads: one at a time.
 */
#ifndef POLICY_RULE_ROSTER_REGEX_H
#define POLICY_RULE_ROSTER_REGEX_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/roster.h"

#include <stdint.h>

struct roster_regex;

/* As roster_build. */
struct str roster_regex_build(const struct str *entries, uint32_t count,
                              struct arena *arena);

/* NULL if the block is damaged. */
struct roster_regex *roster_regex_open(struct str block);
void roster_regex_free(struct roster_regex *regex);

/* See roster_next_pattern. block: one that was opened. */
struct str roster_regex_next_pattern(struct str block, struct str before);

enum roster_answer roster_regex_find(struct roster_regex *regex,
                                     struct str text);

#endif
