/*
 * A compiled expression: flat code over attribute ids. The pipeline is
 *   text -> token -> parse (tree) -> type (checked tree) -> code -> eval
 * Language: docs/expressions.md; after Mixer's CEXL, with the departures in
 * docs/decisions.md.
 * Threads: any, immutable.
 */
#ifndef POLICY_EXPR_CODE_H
#define POLICY_EXPR_CODE_H

#include "policy/attr/bag.h"
#include "policy/attr/value.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct code;

/* What is wrong with an expression: [offset, offset + length) of its text. */
struct expr_error {
    size_t offset, length;
    char message[240]; /* one sentence, no full stop */
};

/* Longest text and deepest nesting that compile; beyond is an error. */
#define EXPR_TEXT_MAX (64 * 1024)
#define EXPR_DEPTH_MAX 64

/*
 * Compiles `text` (copied) into `arena`, which has no limit. Attributes that
 * it reads are given ids in `vocabulary`. expected: the type it must have, or
 * VALUE_NONE for any; a string literal is a DURATION only where one is
 * expected. NULL with *error filled if it does not compile.
 */
const struct code *code_compile(struct str text, enum value_type expected,
                                struct vocabulary *vocabulary,
                                struct arena *arena, struct expr_error *error);

enum value_type code_type(const struct code *code);
struct str code_text(const struct code *code);

enum eval_status {
    EVAL_OK,
    EVAL_ABSENT, /* an attribute without a `|` default is absent */
    EVAL_ERROR,  /* a function refused its argument, or memory ran out */
};

/* The message of EVAL_ERROR where the bag's arena has hit its limit. */
#define EVAL_NO_MEMORY "not enough memory for one request"

struct eval_error {
    enum eval_status status;
    uint32_t attribute; /* EVAL_ABSENT: which; else ATTR_NONE */
    size_t offset;      /* where in the text */
    const char *message;
};

/*
 * Evaluates over the bag, which records what is read. New values live in the
 * bag's arena. Time is linear in the length of the code and of its operands.
 * error may be NULL. On EVAL_OK *value has the code's type.
 */
enum eval_status code_eval(const struct code *code, struct bag *bag,
                           struct value *value, struct eval_error *error);

#endif
