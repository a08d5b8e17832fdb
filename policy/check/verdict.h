/*
 * The verdict while it comes about: who refuses, and how long the answer is
 * valid.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_VERDICT_H
#define POLICY_CHECK_VERDICT_H

#include "policy/check/check.h"

#include <stdint.h>

struct refusal {
    const struct rule *rule;
    enum status_code code;
    struct str message;
    const struct denial *shape; /* its HTTP form; NULL: follows from the code */
    struct refusal *next;
};

/* What holds if no rule says anything. */
void verdict_init(struct check *check);

/* One more rule refuses. The first one gives code and HTTP form; what rules
 * that let it pass do to headers does not happen. */
void verdict_refuse(struct check *check, struct refusal refusal);

/* All refusals are known: all give their message, in their order. */
void verdict_write(struct check *check);

/* The answer is valid for so long and so many uses at most. */
void verdict_limit(struct check *check, int64_t for_ns, int32_t uses);

/* The request was so large that a rule may not have been asked. */
void verdict_unfinished(struct check *check);

#endif
