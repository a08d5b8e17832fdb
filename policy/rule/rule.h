/*
 * Compiled rules and quota specifications: what check/ runs. Plain data of
 * one snapshot, in file order.
 * Threads: any, immutable.
 */
#ifndef POLICY_RULE_RULE_H
#define POLICY_RULE_RULE_H

#include "policy/base/str.h"
#include "policy/expr/code.h"

#include <stdbool.h>
#include <stdint.h>

/* What a rule does when its match, or a dimension of its quota, cannot be
 * evaluated: see design, "Meaning". */
enum on_error {
    ON_ERROR_SKIP,  /* as if it did not match */
    ON_ERROR_DENY,  /* PERMISSION_DENIED */
    ON_ERROR_ALLOW, /* the request passes; later rules are not asked */
};

enum mode {
    MODE_ENFORCE,
    MODE_SHADOW, /* decides and counts, but does not act */
};

/* google.rpc.Code, by its numbers. */
#define STATUS_CODES(X)                                                        \
    X(OK, 0)                                                                   \
    X(CANCELLED, 1)                                                            \
    X(UNKNOWN, 2)                                                              \
    X(INVALID_ARGUMENT, 3)                                                     \
    X(DEADLINE_EXCEEDED, 4)                                                    \
    X(NOT_FOUND, 5)                                                            \
    X(ALREADY_EXISTS, 6)                                                       \
    X(PERMISSION_DENIED, 7)                                                    \
    X(RESOURCE_EXHAUSTED, 8)                                                   \
    X(FAILED_PRECONDITION, 9)                                                  \
    X(ABORTED, 10)                                                             \
    X(OUT_OF_RANGE, 11)                                                        \
    X(UNIMPLEMENTED, 12)                                                       \
    X(INTERNAL, 13)                                                            \
    X(UNAVAILABLE, 14)                                                         \
    X(DATA_LOSS, 15)                                                           \
    X(UNAUTHENTICATED, 16)

enum status_code {
#define X(name, number) STATUS_##name = number,
    STATUS_CODES(X)
#undef X
};

/* "PERMISSION_DENIED", ... */
const char *status_code_name(enum status_code code);

/* False if `name` is none of them. */
bool status_code_parse(struct str name, enum status_code *code);

/* How a refusal looks. */
struct denial {
    enum status_code code; /* never STATUS_OK */
    struct str message;
    uint32_t http_status; /* 0: follows from the code */
};

struct rule {
    struct str name;
    const struct code *match; /* BOOL; NULL: always */
    enum on_error on_error;
    enum mode mode;
    bool has_deny; /* without quotas: denies what matches */
    struct denial deny;
    const uint32_t *quotas; /* indices into ruleset.quotas */
    uint32_t quota_count;
};

struct dimension {
    struct str name;
    const struct code *code; /* any type but STRING_MAP */
};

/* One value per dimension of the quota; data == NULL: matches anything. */
struct override_when {
    const struct str *values;
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
    enum mode mode;
    const struct dimension *dimensions;
    uint32_t dimension_count;
    const struct override_when *overrides;
    uint32_t override_count;
};

struct ruleset {
    const struct rule *rules;
    uint32_t rule_count;
    const struct quota_spec *quotas;
    uint32_t quota_count;

    bool refuse_unknown_quota;
    int64_t valid_for_ns; /* of an answer that nothing restricts: 60 s */
    int32_t valid_uses;   /* 10000 */
};

/* The quota of that name (without case, as Mixer), or UINT32_MAX. */
uint32_t ruleset_find_quota(const struct ruleset *ruleset, struct str name);

#endif
