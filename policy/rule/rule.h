/*
 * Compiled rules and quota specifications: what check/ runs. Plain data of
 * one snapshot, in file order. docs/rules.md says what they mean.
 * Threads: any, immutable.
 */
#ifndef POLICY_RULE_RULE_H
#define POLICY_RULE_RULE_H

#include "policy/base/str.h"
#include "policy/expr/code.h"
#include "policy/rule/roster.h"
#include "policy/rule/status.h"

#include <stdbool.h>
#include <stdint.h>

/* What a rule does when something of it cannot be evaluated: its match, or
 * what one of its actions needs. */
enum on_error {
    ON_ERROR_SKIP,  /* as if it did not match */
    ON_ERROR_DENY,  /* PERMISSION_DENIED */
    ON_ERROR_ALLOW, /* the request passes; later rules are not asked */
};

enum mode {
    MODE_ENFORCE,
    MODE_SHADOW, /* decides and counts, but does not act */
};

/* For which requests a rule or a quota acts; for others it is in shadow. */
struct enforcement {
    enum mode mode;
    uint32_t percent;      /* 0 .. 100, of the values of `by` */
    const struct code *by; /* any type but STRING_MAP; NULL: all requests */
};

/* The instants at which a rule holds: from_ns <= now < to_ns. In ns since 1970
 * UTC; INT64_MIN and INT64_MAX where there is no such end. */
struct window {
    int64_t from_ns, to_ns;
};

enum header_operation {
    HEADER_REPLACE, /* or add */
    HEADER_REMOVE,
    HEADER_APPEND, /* one more header of that name */
};

struct header_change {
    struct str name;
    struct str value; /* HEADER_REMOVE: empty */
    enum header_operation operation;
};

/* A header whose value depends on the request. */
struct header_rule {
    struct str name;
    const struct code *value; /* any type but STRING_MAP; HEADER_REMOVE: NULL */
    enum header_operation operation;
};

struct header_rules {
    const struct header_rule *items;
    uint32_t count;
};

/* How a refusal looks. */
struct denial {
    enum status_code code; /* never STATUS_OK */
    struct str message;
    uint32_t http_status; /* 0: follows from the code */
    const struct header_change *headers;
    uint32_t header_count;
    struct str body; /* of the HTTP answer; empty: the message */
};

/* A value that is looked up in a list. */
struct list_check {
    const struct roster *roster;
    struct str name;
    const struct code *value; /* of a type that the list accepts */
    bool refuses_members;     /* what is in the list, else what is not */
};

/* One quota that a rule charges. */
struct quota_use {
    uint32_t quota;            /* index into ruleset.quotas */
    const struct code *amount; /* INT64; NULL: 1 */
};

/* Of `valid_for_ns` and `valid_uses`: the rule says nothing of it. */
#define VALIDITY_NOT_GIVEN (-1)

struct rule {
    struct str name;
    struct str namespace;     /* of the requests that it is for; data == NULL:
                                 of all */
    const struct code *match; /* BOOL; NULL: always */
    const struct window *active; /* NULL: always */
    enum on_error on_error;
    struct enforcement enforcement;

    /* What it does, in this order. With a list or quotas, `deny` only shapes
     * their refusal. */
    const struct list_check *list; /* NULL: none */
    const struct quota_use *quotas;
    uint32_t quota_count;      /* 0 .. QUOTAS_PER_CHECK_MAX */
    const struct denial *deny; /* NULL: none */
    struct header_rules request_headers, response_headers;
    bool allows; /* later rules are not asked */

    /* How long, and how often, an answer that it took part in is valid at
     * most; or VALIDITY_NOT_GIVEN. */
    int64_t valid_for_ns;
    int32_t valid_uses;
};

struct dimension {
    struct str name;
    const struct code *code; /* any type but STRING_MAP */
};

/* One value per dimension of the quota; data == NULL: matches anything. */
struct override_when {
    const struct str *values;
    bool is_unlimited; /* granted, not charged */
};

/* Of one quota; the loader sees to it. */
#define QUOTA_DIMENSIONS_MAX 32

/* The part of a quota that policy decides: to which key a request belongs and
 * which of its limits holds there. The limits themselves are quota/limit.h. */
struct quota_spec {
    struct str name;
    struct str identity;      /* name, algorithm, window, dimension names:
                                 usage is kept while this stays the same */
    const struct code *match; /* BOOL; NULL: always. False: not charged */
    struct enforcement enforcement;
    bool is_unlimited; /* where no override holds: granted, not charged */
    const struct dimension *dimensions;
    uint32_t dimension_count;
    const struct override_when *overrides;
    uint32_t override_count;
};

struct ruleset {
    const struct rule *rules;
    uint32_t rule_count;
    const struct scopes *scopes; /* which of them to ask: policy/rule/scope.h */
    const struct quota_spec *quotas;
    uint32_t quota_count;

    bool refuse_unknown_quota;
    bool redact_keys;     /* texts of keys do not show values: quota_key.h */
    int64_t valid_for_ns; /* of an answer that nothing restricts: 60 s */
    int32_t valid_uses;   /* 10000 */
};

/* The quota of that name (without case, as Mixer), or UINT32_MAX. */
uint32_t ruleset_find_quota(const struct ruleset *ruleset, struct str name);

#endif
