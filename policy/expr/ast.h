/*
 * An expression as a tree, built by parse.h, given types by type.h. Lives in
 * the arena of one compilation.
 * Threads: one at a time.
 */
#ifndef POLICY_EXPR_AST_H
#define POLICY_EXPR_AST_H

#include "policy/attr/value.h"
#include "policy/expr/error.h"
#include "policy/expr/token.h"

#include <stdbool.h>

struct function;
struct regex;

enum ast_kind {
    AST_LITERAL,
    AST_ATTRIBUTE,
    AST_INDEX, /* map[key] */
    AST_CALL,  /* name(arguments), or first.name(rest) */
    AST_CHAIN, /* two or more operands, joined by operators of one level; from
                  left to right, so that a long one needs no deep tree */
};

struct ast {
    enum ast_kind kind;
    struct span span;
    enum value_type type; /* VALUE_NONE until checked */
    unsigned height;      /* calls and indices above each other */

    struct ast *parts;         /* operands; arguments; map and key */
    struct ast *next;          /* the part after this one */
    enum token_kind joined_by; /* of an operand but the first: its operator */

    struct value literal;
    struct str name;       /* of an attribute or a function */
    struct span name_span; /* of a function */
    bool is_method;        /* the first argument stands before the name */
    const struct function *function; /* once checked */
    const struct regex *regex; /* of matches, if its pattern is a literal */
};

#endif
