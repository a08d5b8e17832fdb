/*
 * From a checked tree to flat code.
 * Threads: one at a time.
 */
#ifndef POLICY_EXPR_EMIT_H
#define POLICY_EXPR_EMIT_H

#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/expr/ast.h"
#include "policy/expr/instruction.h"

/* Fills code->instructions, ->constants and ->regexes, in `arena`. Attributes
 * that are read are given ids. Cannot fail. */
void emit(const struct ast *ast, struct vocabulary *vocabulary,
          struct arena *scratch, struct arena *arena, struct code *code);

#endif
