/*
 * Literals: from their text to their value.
 * Source: the Go Language Specification, "Interpreted string literals" and
 * "Floating-point literals".
 * Threads: any.
 */
#ifndef POLICY_EXPR_LITERAL_H
#define POLICY_EXPR_LITERAL_H

#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/expr/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The string whose opening quote (", ' or `) is at `offset` of `text`. Without
 * escapes the value points into `text`, else into `arena`, which has no limit.
 * *end: the offset behind the closing quote.
 */
bool literal_string(struct str text, size_t offset, struct arena *arena,
                    struct str *value, size_t *end, struct expr_error *error);

/* `text` as INT64 (decimal digits only) or DOUBLE. False if it is neither, or
 * too large; *why then says so. */
bool literal_number(struct str text, struct value *value, const char **why);

#endif
