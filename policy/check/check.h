/*
 * One decision. check_run evaluates the rules and says which quotas must be
 * asked; quota/ grants or refuses; check_finish makes the verdict of both.
 *
 * Source: Mixer's Check (docs/decisions.md lists the departures). What rules
 * mean: docs/rules.md.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_CHECK_H
#define POLICY_CHECK_CHECK_H

#include "policy/attr/bag.h"
#include "policy/check/quota_request.h"
#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

/* A quota that the caller names. */
struct quota_ask {
    struct str name;
    int64_t amount;
    bool is_best_effort;
};

enum ask_result {
    ASK_CHARGED, /* the store is asked */
    ASK_UNKNOWN, /* no such quota is configured */
    ASK_EXEMPT,  /* the quota's match does not hold, or it is unlimited:
                    granted, not charged */
    ASK_FAILED,  /* its key cannot be evaluated: granted, not charged */
};

/* The answer to one quota_ask. */
struct quota_answer {
    enum ask_result result;
    uint32_t quota;   /* index into ruleset.quotas; UINT32_MAX: unknown */
    uint32_t request; /* ASK_CHARGED: index into check.requests */
    struct quota_grant grant;
    struct refs refs; /* what this quota alone depends on */
};

enum check_state {
    CHECK_DENIED, /* decided: no quota is asked */
    CHECK_DONE,   /* decided: no quota is needed */
    CHECK_ASKS,   /* check.requests must be answered, then check_finish */
};

/* How one rule ended, for counters. */
enum rule_outcome {
    RULE_DENIED,        /* matched and denied, or its quota refused */
    RULE_PASSED,        /* matched, and let the request pass */
    RULE_SHADOW_DENIED, /* would have denied */
    RULE_FAILED,        /* could not be evaluated (match.h) */
};

struct rule_event {
    uint32_t rule; /* index into ruleset.rules */
    enum rule_outcome outcome;
    bool is_shadow; /* it did not act */
};

struct header_changes {
    const struct header_change *items;
    uint32_t count;
};

/* What is to be decided. */
struct check_input {
    struct bag *bag;
    const struct quota_ask *asks; /* borrowed until the check is over */
    uint32_t ask_count;           /* 0 .. QUOTAS_PER_CHECK_MAX */
    int64_t wall_ns;              /* now, since 1970 UTC */
};

struct check {
    const struct ruleset *ruleset;
    struct bag *bag;
    int64_t wall_ns;

    /* The verdict; valid once decided. */
    enum status_code code;
    struct str message;
    uint32_t http_status; /* 0: follows from the code */
    struct str body;      /* of the HTTP answer; empty: the message */
    int64_t valid_for_ns;
    int32_t valid_uses;
    struct refs refs;       /* what the precondition depends on */
    int64_t retry_after_ns; /* of a quota's refusal; < 0: not known */

    /* Allowed: what is done to the request, and to its answer. Denied: none,
     * and those of the HTTP answer. */
    struct header_changes request_headers, response_headers;

    /* What is asked of the store, all or none, and its answers. */
    struct quota_request requests[QUOTAS_PER_CHECK_MAX];
    uint32_t request_rule[QUOTAS_PER_CHECK_MAX]; /* UINT32_MAX: the caller */
    uint32_t request_count;

    /* One answer per quota that the caller named, in his order. */
    const struct quota_ask *asks;
    struct quota_answer answers[QUOTAS_PER_CHECK_MAX];
    uint32_t ask_count;

    /* Rules that matched or failed, in file order. */
    struct rule_event *events;
    uint32_t event_count, event_capacity;
    uint32_t uncharged_count; /* quotas of rules beyond QUOTAS_PER_CHECK_MAX */

    /* Only while it is decided. */
    struct refusal *first_refusal, *last_refusal; /* check/verdict.h */
    bool is_charged; /* a rule with quotas took part */
};

/*
 * Runs the rules over the bag. All memory is the bag's arena; where its limit
 * is hit, a rule may not have been asked, so the answer is RESOURCE_EXHAUSTED.
 */
enum check_state check_run(struct check *check, const struct ruleset *ruleset,
                           const struct check_input *input);

/* How long a denial by a rule may be cached, as Mixer's denier, where the rule
 * does not say. */
#define DENIAL_VALID_NS INT64_C(5000000000)
#define DENIAL_VALID_USES 1000

/* After CHECK_ASKS: grants[i] answers check.requests[i]. A quota that the
 * caller named says so in its answer; one that a rule asked for makes the
 * verdict RESOURCE_EXHAUSTED. */
void check_finish(struct check *check, const struct quota_grant *grants);

#endif
