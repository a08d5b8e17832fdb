/*
 * From text to tree, by precedence climbing:
 *   chain   = operand { operator operand }      operators of one level
 *   operand = primary { "[" chain "]" | "." name "(" [ arguments ] ")" }
 *   primary = literal | name | name "(" [ arguments ] ")" | "(" chain ")"
 * Threads: any.
 */
#ifndef POLICY_EXPR_PARSE_H
#define POLICY_EXPR_PARSE_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/ast.h"
#include "policy/expr/code.h"

/*
 * The tree of `text`, in `scratch`; strings point into `text` or into `kept`.
 * Neither arena has a limit. NULL with *error filled if it is no expression,
 * longer than EXPR_TEXT_MAX or deeper than EXPR_DEPTH_MAX.
 */
struct ast *parse(struct str text, struct arena *scratch, struct arena *kept,
                  struct expr_error *error);

#endif
