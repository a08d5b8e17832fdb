/*
 * Why an expression came to what it did for one request: which part of it
 * decided, what was read, what was absent. Off the hot path: the text is read
 * again, and parts of it are evaluated on their own.
 * Threads: as its bag's.
 */
#ifndef POLICY_CHECK_REASON_H
#define POLICY_CHECK_REASON_H

#include "policy/attr/bag.h"
#include "policy/attr/value.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/expr/code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An attribute, or a key of one, as it was when it was read. */
struct reading {
    struct str name;
    struct str key;     /* data == NULL: none */
    struct value value; /* VALUE_NONE: absent */
};

/* A part of an expression, and what it came to. */
struct operand {
    struct str text;
    struct value value;
};

#define OPERANDS_MAX 4

/* A smallest part that decided: "request.size > 10". */
struct clause {
    struct str text;
    size_t offset; /* in the expression */
    /* What it compares or calls a function on; literals are left out. */
    struct operand operands[OPERANDS_MAX];
    uint32_t operand_count;
};

#define CLAUSES_MAX 8

struct reason {
    struct str text; /* of the expression */
    enum eval_status status;
    struct value value;      /* EVAL_OK */
    struct eval_error error; /* else */
    /* Of a BOOL that is false, or that has no value but could only have been
     * false: the parts that were false and so decided it; of several, the first
     * ones. */
    struct clause clauses[CLAUSES_MAX];
    uint32_t clause_count;
    const struct reading *readings; /* in the order of reading */
    uint32_t reading_count;
};

/*
 * Evaluates `code`, compiled over `vocabulary`, anew. Records nothing in the
 * bag. Everything of *reason lives in `arena`, which has no limit, or is
 * borrowed from the code and the bag. The vocabulary does not change, as all
 * that the code reads is in use.
 */
void reason_find(struct reason *reason, const struct code *code,
                 const struct bag *bag, struct vocabulary *vocabulary,
                 struct arena *arena);

#endif
