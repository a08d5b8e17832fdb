/*
 * One decision. check_run evaluates the rules and says which quotas must be
 * asked; quota/ grants or refuses; check_finish makes the verdict of both.
 *
 * Source: Mixer's Check (docs/decisions.md lists the departures).
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

/* The answer to one quota_ask. */
struct quota_answer {
    uint32_t request;   /* index into check.requests, or UINT32_MAX where
                           nothing was asked of the store */
    bool is_unknown;    /* no such quota is configured */
    struct quota_grant grant;
    struct refs refs;   /* what this quota alone depends on */
};

enum check_state {
    CHECK_DENIED, /* decided: no quota is asked */
    CHECK_DONE,   /* decided: no quota is needed */
    CHECK_ASKS,   /* check.requests must be answered, then check_finish */
};

/* How one rule ended, for counters. */
enum rule_outcome {
    RULE_DENIED,         /* matched and denied, or its quota refused */
    RULE_PASSED,         /* matched, and let the request pass */
    RULE_SHADOW_DENIED,  /* would have denied */
    RULE_FAILED,         /* could not be evaluated */
};

struct rule_event {
    uint32_t rule; /* index into ruleset.rules */
    enum rule_outcome outcome;
};

struct check {
    const struct ruleset *ruleset;
    struct bag *bag;

    /* The verdict; valid once decided. */
    enum status_code code;
    struct str message;
    uint32_t http_status; /* 0: follows from the code */
    int64_t valid_for_ns;
    int32_t valid_uses;
    struct refs refs; /* what the precondition depends on */
    int64_t retry_after_ns; /* of a quota's refusal; < 0: not known */

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
};

/*
 * Runs the rules over the bag. asks: at most QUOTAS_PER_CHECK_MAX, borrowed
 * until the check is over. All memory is the bag's arena.
 */
enum check_state check_run(struct check *check, const struct ruleset *ruleset,
                           struct bag *bag, const struct quota_ask *asks,
                           uint32_t ask_count);

/* After CHECK_ASKS: grants[i] answers check.requests[i]. */
void check_finish(struct check *check, const struct quota_grant *grants);

#endif
