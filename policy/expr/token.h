/*
 * The words of an expression: names, literals, operators and marks.
 * Source: Go's lexical rules, as Mixer uses Go's scanner; docs/expressions.md
 * lists what differs.
 * Threads: one at a time.
 */
#ifndef POLICY_EXPR_TOKEN_H
#define POLICY_EXPR_TOKEN_H

#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/error.h"

#include <stdbool.h>

/* How tightly binary operators bind; all associate to the left. */
enum level {
    LEVEL_NONE, /* not an operator */
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_COMPARE,
    LEVEL_SUM,
};
#define LEVEL_LOOSEST LEVEL_OR
#define LEVEL_TIGHTEST LEVEL_SUM

#define OPERATORS(X)                                                           \
    X(OR, "||", LEVEL_OR)                                                      \
    X(AND, "&&", LEVEL_AND)                                                    \
    X(EQUAL, "==", LEVEL_COMPARE)                                              \
    X(UNEQUAL, "!=", LEVEL_COMPARE)                                            \
    X(LESS, "<", LEVEL_COMPARE)                                                \
    X(LESS_EQUAL, "<=", LEVEL_COMPARE)                                         \
    X(GREATER, ">", LEVEL_COMPARE)                                             \
    X(GREATER_EQUAL, ">=", LEVEL_COMPARE)                                      \
    X(ADD, "+", LEVEL_SUM)                                                     \
    X(ELSE, "|", LEVEL_SUM)

#define MARKS(X)                                                               \
    X(LEFT_PAREN, "(")                                                         \
    X(RIGHT_PAREN, ")")                                                        \
    X(LEFT_BRACKET, "[")                                                       \
    X(RIGHT_BRACKET, "]")                                                      \
    X(COMMA, ",")                                                              \
    X(DOT, ".")

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,    /* dots included: request.headers */
    TOKEN_LITERAL, /* STRING, INT64, DOUBLE or BOOL */
#define X(name, ...) TOKEN_##name,
    OPERATORS(X) MARKS(X)
#undef X
};

struct token {
    enum token_kind kind;
    struct span span;
    struct value literal;
};

/* "'=='", "a name", ...: for messages. */
const char *token_name(enum token_kind kind);

enum level token_level(enum token_kind kind);

struct lexer {
    struct str text;     /* at most EXPR_TEXT_MAX; strings may point into it */
    size_t offset;       /* of what comes next */
    struct arena *arena; /* for strings that had escapes; has no limit */
};

/* The next token; TOKEN_END again and again at the end. False if there is no
 * valid one. */
bool token_next(struct lexer *lexer, struct token *token,
                struct expr_error *error);

#endif
