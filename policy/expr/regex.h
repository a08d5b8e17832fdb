/*
 * Regular expressions: PCRE2, in UTF-8, not anchored. Parentheses do not
 * capture and `$` is the very end only. Searching is bounded in time and
 * memory whatever the pattern and the text; what does not come to an end
 * within that is an error, not "no match".
 * Bytes of a text that are no UTF-8 match nothing.
 * Threads: any; a compiled one is immutable.
 */
#ifndef POLICY_EXPR_REGEX_H
#define POLICY_EXPR_REGEX_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct regex;

struct regex_error {
    size_t offset; /* in the pattern, 0 .. its length */
    char message[120];
};

/* Longest pattern that regex_search_once takes. */
#define REGEX_ONCE_MAX 256

/* Compiles to machine code where the machine permits. It lives as long as
 * `arena`, which has no limit. NULL with *error filled if it is none. */
const struct regex *regex_compile(struct str pattern, struct arena *arena,
                                  struct regex_error *error);

/*
 * Is it anywhere in `text`? Memory comes from `arena`. Returns NULL with
 * *is_found set, or why it could not say: a static text.
 */
const char *regex_search(const struct regex *regex, struct str text,
                         struct arena *arena, bool *is_found);

/* The same with a pattern that is compiled for this one search, into `arena`;
 * some microseconds. */
const char *regex_search_once(struct str pattern, struct str text,
                              struct arena *arena, bool *is_found);

#endif
