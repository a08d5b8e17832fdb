/*
 * The regular expressions that stand in an expression as literals, and what
 * they are searched for in.
 * Threads: any.
 */
#ifndef POLICY_EXPR_PATTERN_USE_H
#define POLICY_EXPR_PATTERN_USE_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/error.h"

#include <stdbool.h>
#include <stdint.h>

/* `pattern.matches(subject)` */
struct pattern_use {
    struct str pattern;
    struct span span; /* of its literal, in the expression */

    /* The one attribute that the subject reads, also with a default or in a
     * function; data == NULL: none, or several. */
    struct str attribute;
    struct str key; /* of a map; data == NULL: none */

    /* Where the pattern is found, the expression can be true: it stands alone
     * or is joined by && and ||, not compared with something. */
    bool is_asserted;
};

struct pattern_uses {
    const struct pattern_use *items;
    uint32_t count;
};

/* text: of an expression that compiles. All in `arena`, which has no limit. */
struct pattern_uses pattern_uses_find(struct str text, struct arena *arena);

/* The same of a subject alone, as a value that is looked up in a list: only
 * attribute and key. */
struct pattern_use pattern_use_of_subject(struct str text, struct arena *arena);

#endif
