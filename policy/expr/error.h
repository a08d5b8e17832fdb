/*
 * Where a part of an expression stands in its text, and how the steps of
 * compilation say that something is wrong there.
 * Threads: any.
 */
#ifndef POLICY_EXPR_ERROR_H
#define POLICY_EXPR_ERROR_H

#include "policy/base/str.h"
#include "policy/expr/code.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the text, which is at most EXPR_TEXT_MAX long. */
struct span {
    uint32_t offset, length;
};

/* From the beginning of `first` to the end of `last`. */
static inline struct span span_join(struct span first, struct span last)
{
    return (struct span){ first.offset,
                          last.offset + last.length - first.offset };
}

/* Fills *error. Returns false, so that a step can fail in one statement. */
bool expr_fail(struct expr_error *error, struct span where, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* At most this much of a name or text is shown in a message. */
#define SHOWN_MAX 60

/* The two arguments of "%.*s" for a text of any length. */
#define SHOWN_ARG(s) (int)((s).len < SHOWN_MAX ? (s).len : SHOWN_MAX), (s).data

#endif
