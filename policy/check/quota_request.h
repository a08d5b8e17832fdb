/*
 * What policy asks of quota, and what it is given: plain data, the only thing
 * that the two exchange.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_QUOTA_REQUEST_H
#define POLICY_CHECK_QUOTA_REQUEST_H

#include "policy/base/str.h"
#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

#define QUOTAS_PER_CHECK_MAX 8

struct quota_request {
    uint32_t quota;  /* index into ruleset.quotas */
    uint32_t limit;  /* 0: the quota's own; n: its n-th override */
    struct str key;  /* bytes that tell this key from any other: see
                        policy/check/quota_key.h */
    struct str text; /* the same for people: "service=ratings" */
    int64_t amount;  /* > 0 takes, 0 looks, < 0 gives back */
    bool is_best_effort;
    bool is_shadow; /* charges, never refuses */
};

struct quota_grant {
    int64_t granted;        /* as a positive number, also for a release */
    int64_t remaining;      /* after it; < 0: not known */
    int64_t valid_for_ns;   /* how long the grant may be used */
    int64_t retry_after_ns; /* refused: when it may pass; < 0: not known */
    int64_t full_after_ns;  /* when nothing will be in use any more, if nobody
                               takes again; < 0: not known */
    bool is_refused;
    bool is_outage; /* the store did not answer: see on_outage */
    bool is_local;  /* of an outage: answered out of this machine's memory */
    bool has_lease; /* CONCURRENCY: lease_id is held */
    uint8_t lease_id[16];
};

/* What a message says of the grant after the quota's name; empty where the
 * grant is all that it should be. A literal. */
const char *quota_grant_words(const struct quota_grant *grant);

/*
 * Makes the request for quota `index` out of the bag: evaluates match and
 * dimensions and picks the override. What it reads is recorded in bag->refs.
 */
enum quota_request_result {
    QUOTA_REQUEST_MADE,
    QUOTA_REQUEST_EXEMPT,    /* its match does not hold: granted, not charged */
    QUOTA_REQUEST_UNLIMITED, /* made, but granted and not charged */
    QUOTA_REQUEST_FAILED,    /* match or a dimension could not be evaluated */
};

enum quota_request_result quota_request_make(struct quota_request *request,
                                             const struct ruleset *ruleset,
                                             uint32_t index, struct bag *bag,
                                             struct eval_error *error);

#endif
