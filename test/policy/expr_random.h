/*
 * Expressions and attributes out of arbitrary bytes. Every expression is well
 * typed; it reads attributes of all types, of which some are absent.
 * Threads: one at a time.
 */
#ifndef TEST_POLICY_EXPR_RANDOM_H
#define TEST_POLICY_EXPR_RANDOM_H

#include "policy/attr/bag.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdint.h>

/* The bytes that decide; when they are used up, as if zeros followed. */
struct choices {
    const uint8_t *bytes;
    size_t count;
};

/* With the attributes that expressions read, all in use. */
struct vocabulary *random_vocabulary(void);

/* An expression over them, in `arena`. */
struct str random_expression(struct choices *choices, struct arena *arena);

/* A value for each attribute, or none, by id; in `arena`. */
struct value *random_values(struct choices *choices,
                            const struct vocabulary *vocabulary,
                            struct arena *arena);

#endif
