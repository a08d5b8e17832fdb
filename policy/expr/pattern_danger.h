/*
 * Patterns that a text can make too dear to search for: where one can be found
 * in very many ways, as (a+)+$, all of them are tried before it is not found,
 * or the search is given up.
 *
 * What is shown is a proof: a text of DANGER_BYTES bytes that regex_search
 * gives up on. That none is shown is no proof of anything: texts are made from
 * the parts of the pattern, one of them again and again, and tried out.
 * Threads: any.
 */
#ifndef POLICY_EXPR_PATTERN_DANGER_H
#define POLICY_EXPR_PATTERN_DANGER_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/pattern.h"

/* As long as a path or a header may well be. What grows with the square of the
 * length is no danger there, and in long texts everything unanchored is. */
#define DANGER_BYTES 200

/* Longer patterns are not looked at. */
#define DANGER_PATTERN_MAX 1024

/* The part of such a text that is repeated; data == NULL if none was found.
 * pattern: compiled from `text`. Takes milliseconds at most. All in `arena`,
 * which has no limit. */
struct str pattern_find_danger(const struct pattern *pattern,
                               struct arena *arena);

#endif
