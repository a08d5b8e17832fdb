/*
 * Why a decision is what it is: what became of each rule, of each quota, and
 * for what reason. Plain data, made of a check that is decided by evaluating
 * its rules' expressions once more, so it cannot differ from the decision. Off
 * the hot path.
 * Threads: as its check's.
 */
#ifndef POLICY_CHECK_EXPLAIN_H
#define POLICY_CHECK_EXPLAIN_H

#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/check/check.h"
#include "policy/check/reason.h"
#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What became of a quota.
 *   SHARED     the caller or an earlier rule asks for it; it is charged once
 *   EXEMPT     its match does not hold, so it is not charged
 *   UNLIMITED  it has no limit for this key, so it is not charged
 *   FAILED     its match, a dimension or the amount has no value
 *   NOT_ASKED  the request is refused without it, or asks too many already
 */
#define QUOTA_FATES(X)                                                         \
    X(ASKED, "asked")                                                          \
    X(SHARED, "already asked")                                                 \
    X(EXEMPT, "exempt")                                                        \
    X(UNLIMITED, "unlimited")                                                  \
    X(FAILED, "cannot be asked")                                               \
    X(NOT_ASKED, "not asked")                                                  \
    X(UNKNOWN, "not configured")

enum quota_fate {
#define X(name, text) QUOTA_##name,
    QUOTA_FATES(X)
#undef X
};

/* An expression that has no value, or none that can be used. */
struct failure {
    struct eval_error error;
    struct str text; /* of the expression; data == NULL: there is no failure */
};

struct quota_account {
    struct str name;
    enum quota_fate fate;
    struct quota_request request;    /* unless EXEMPT or FAILED;
                                        UNKNOWN: only the amount */
    const struct quota_grant *grant; /* NULL: the store was not asked */
    struct reason match;             /* EXEMPT: why */
    struct failure failure;          /* FAILED: why */
};

/* What a list said. */
struct lookup {
    bool is_done; /* there was a value to look up */
    struct value value;
    enum roster_answer answer;
};

/* What became of a rule. One that was not asked because it could not have
 * matched did not match, also where an earlier one had ended the evaluation. */
enum rule_fate {
    RULE_TOOK_PART,       /* see event */
    RULE_OTHER_NAMESPACE, /* it is not for such requests */
    RULE_NO_MATCH,        /* see match.clauses */
    RULE_NOT_ACTIVE,      /* outside of its window */
    RULE_NOT_ASKED,       /* an earlier one, or want of memory, ended the
                             evaluation */
};

struct rule_account {
    const struct rule *rule;
    enum rule_fate fate;
    const struct rule_event *event; /* RULE_TOOK_PART */
    bool has_match;                 /* without one it matches always */
    struct reason match;
    struct failure failure;             /* of another expression than match */
    struct lookup lookup;               /* of a rule with a list that matched */
    const struct quota_account *quotas; /* of a rule that matched: its own */
    uint32_t quota_count;
};

struct explanation {
    const struct check *check;        /* the verdict */
    bool is_final;                    /* no quota is still to be asked */
    const struct rule_account *rules; /* in file order */
    uint32_t rule_count;
    uint32_t unexplained_count;       /* rules left out */
    const struct quota_account *asks; /* those the caller named, his order */
    uint32_t ask_count;
};

struct explain_options {
    /* What the store granted, for check_finish; NULL: it was not asked. */
    const struct quota_grant *grants;
    /* At most so many rules that took no part are explained. */
    uint32_t unmatched_max;
};

/*
 * Explains `check`, of which check_run said `state`, and check_finish has run
 * if there are grants. vocabulary: that of its rules; it does not change.
 * Everything lives in `arena`, which has no limit, or is borrowed from the
 * check.
 */
void explain(struct explanation *explanation, const struct check *check,
             const struct explain_options *options,
             struct vocabulary *vocabulary, struct arena *arena);

/* "asked", ... */
const char *quota_fate_text(enum quota_fate fate);

#endif
