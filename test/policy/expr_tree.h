/*
 * Evaluates an expression by walking its tree, as the language is described:
 * the plainest way, against which compiled code is held.
 * Threads: one at a time.
 */
#ifndef TEST_POLICY_EXPR_TREE_H
#define TEST_POLICY_EXPR_TREE_H

#include "policy/attr/bag.h"
#include "policy/expr/ast.h"
#include "policy/expr/code.h"

/* As code_eval, for a tree whose types are checked and whose attributes have
 * ids. error->message is not set. */
enum eval_status tree_eval(const struct ast *ast, struct bag *bag,
                           struct value *value, struct eval_error *error);

#endif
