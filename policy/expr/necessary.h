/*
 * Tests that an expression cannot be true without: `attribute == literal`,
 * `map[key] == literal`, startsWith and match with a literal, all of them also
 * with a `|` default, alone or joined by `&&`. From them an index tells for
 * many expressions at once that they are false.
 * Threads: any, immutable.
 */
#ifndef POLICY_EXPR_NECESSARY_H
#define POLICY_EXPR_NECESSARY_H

#include "policy/attr/value.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/code.h"

#include <stdbool.h>
#include <stdint.h>

struct ast;

enum necessary_kind {
    NECESSARY_EQUAL,  /* the value is the literal */
    NECESSARY_PREFIX, /* it begins with the literal */
};

struct necessary {
    enum necessary_kind kind;
    uint32_t attribute;
    struct str key;     /* of a map; data == NULL: the attribute itself */
    struct str literal; /* of a STRING its bytes, of an INT64 the int64_t */

    /* Without the attribute, or with a map but without its key, the test is
     * not false: it holds by its default, or cannot be evaluated. */
    bool is_open_without, is_open_without_key;

    /* Without the attribute the test holds, by its default. */
    bool is_true_without;

    /* Nothing that is evaluated before it can fail: where it is false, so is
     * the expression. Else the expression may also fail. */
    bool is_certain;
};

struct necessaries {
    const struct necessary *items; /* in the order of evaluation */
    uint32_t count;
};

/* Of a compiled expression; none of one that is not BOOL. */
struct necessaries code_necessaries(const struct code *code);

/* Whether it holds for a value: of a STRING its bytes, of an INT64 the int64_t.
 */
bool necessary_holds(const struct necessary *test, struct str value);

/* For code_compile: of a checked tree whose attributes are all in use. */
struct necessaries necessary_find(const struct ast *ast,
                                  const struct vocabulary *vocabulary,
                                  struct arena *arena);

#endif
