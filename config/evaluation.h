/*
 * One evaluation of one expression over some attributes, with what came of it
 * as plain data and as JSON.
 * Threads: one at a time.
 */
#ifndef CONFIG_EVALUATION_H
#define CONFIG_EVALUATION_H

#include "config/attributes_json.h"
#include "policy/attr/bag.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <jansson.h>

enum outcome {
    OUTCOME_VALUE,
    OUTCOME_ABSENT, /* it compiles, but an attribute is absent */
    OUTCOME_ERROR,  /* it does not compile, or a function refused */
    OUTCOME_BAD_ATTRIBUTES,
};

struct evaluation {
    struct arena arena;
    struct vocabulary *vocabulary;
    enum outcome outcome;
    enum value_type type; /* of the expression; VALUE_NONE: does not compile */
    struct value value;   /* OUTCOME_VALUE */
    struct refs refs;
    struct str message;    /* of the other outcomes */
    size_t offset, length; /* in the expression, what the message is about */
};

/* Takes over the vocabulary. */
void evaluation_init(struct evaluation *evaluation,
                     struct vocabulary *vocabulary);
void evaluation_fini(struct evaluation *evaluation);

/* Once. The JSON (NULL: no attributes) must outlive the evaluation. */
void evaluation_run(struct evaluation *evaluation, struct str expression,
                    const json_t *attributes, enum unknown_attributes unknown);

/* {"type", "value", "referenced"}, or {"error", "where"}, with where
 * {"offset", "length"}, or null where it is no place in the expression. */
json_t *evaluation_json(struct evaluation *evaluation);

#endif
