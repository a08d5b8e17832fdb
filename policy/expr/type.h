/*
 * Gives every node of a tree its type, or says why it has none. There are no
 * conversions, but that a string literal, and a conditional of two, is a
 * DURATION where one is expected.
 * Threads: any, as long as nobody declares attributes.
 */
#ifndef POLICY_EXPR_TYPE_H
#define POLICY_EXPR_TYPE_H

#include "policy/attr/vocabulary.h"
#include "policy/expr/ast.h"
#include "policy/expr/code.h"

#include <stdbool.h>

/* expected: the type that the whole must have; VALUE_NONE: any. Regular
 * expressions are compiled into `kept`. */
bool typecheck(struct ast *ast, enum value_type expected,
               const struct vocabulary *vocabulary, struct arena *kept,
               struct expr_error *error);

#endif
