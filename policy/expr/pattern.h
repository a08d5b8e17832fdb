/*
 * A regular expression as a tree, as far as one must know it to tell what is
 * wrong with it. PCRE2 says whether it is one, and what it finds; this only
 * reads it, and says where it does not understand it.
 * Threads: any, immutable.
 */
#ifndef POLICY_EXPR_PATTERN_H
#define POLICY_EXPR_PATTERN_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum pattern_kind {
    PATTERN_CHARACTER, /* one character of the text: `a`, `.`, `[0-9]`, `\d` */
    PATTERN_BEGIN,     /* `^`, `\A`, `\G` */
    PATTERN_END,       /* `$`, `\z`, `\Z` */
    PATTERN_EMPTY,     /* nothing, or what is not looked into: `\b`, `(?i)`,
                          look-around, references */
    PATTERN_SEQUENCE,  /* one part after the other */
    PATTERN_CHOICE,    /* one of its parts */
};

#define PATTERN_UNBOUNDED UINT32_MAX

struct pattern {
    enum pattern_kind kind;
    struct str text;       /* where it stands, without what repeats it */
    struct pattern *parts; /* of SEQUENCE and CHOICE */
    struct pattern *next;  /* the part after this one */
    uint32_t least, most;  /* how often it is repeated; mostly once */
};

/* Deepest nesting of groups that is understood. */
#define PATTERN_DEPTH_MAX 32

/* `text` is one that PCRE2 compiles. All in `arena`, which has no limit. NULL
 * if it is not understood: `\Q`, conditions, verbs, extended and multi-line
 * mode, or deep nesting. */
const struct pattern *pattern_parse(struct str text, struct arena *arena);

static inline bool pattern_is_once(const struct pattern *pattern)
{
    return pattern->least == 1 && pattern->most == 1;
}

#endif
