/*
 * Where in a text a pattern can be found. It is found anywhere unless it is
 * held at the beginning, the end, or both.
 * Threads: any.
 */
#ifndef POLICY_EXPR_PATTERN_HOLD_H
#define POLICY_EXPR_PATTERN_HOLD_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/pattern.h"

#include <stdbool.h>

/* Whether it is held by `^`, or by `.*` or `.+`, which says that anything may
 * be there, however it is to be found. */
bool pattern_is_held_at_begin(const struct pattern *pattern);

/* The same of its end. */
bool pattern_is_held_at_end(const struct pattern *pattern);

/* Whether it begins with a dot that is a dot, as `\.example\.com$`: what is
 * before that is another label of a name. */
bool pattern_begins_with_label(const struct pattern *pattern);

/* Whether it is a name with dots and nothing else, as `api.example.com`, apart
 * from what holds it. Dots may be escaped. */
bool pattern_is_dotted_name(const struct pattern *pattern);

/* The pattern held at its beginning, and if wanted at its end: `^...$`. Of a
 * dotted name the dots are escaped. */
struct str pattern_hold(const struct pattern *pattern, bool at_end,
                        struct arena *arena);

#endif
