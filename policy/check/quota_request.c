#include "policy/check/quota_request.h"

#include "policy/base/arena.h"
#include "policy/check/enforce.h"
#include "policy/check/quota_key.h"

#include <assert.h>

static enum eval_status eval_dimensions(const struct quota_spec *spec,
                                        struct bag *bag, struct str *values,
                                        struct eval_error *error)
{
    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        const struct code *code = spec->dimensions[i].code;
        enum eval_status status;
        struct value value;

        status = code_eval(code, bag, &value, error);
        if (status != EVAL_OK)
            return status;
        values[i] = value_text(&value, bag->arena);
        if (!values[i].data)
            return EVAL_ERROR;
    }
    return EVAL_OK;
}

static bool is_unlimited(const struct quota_spec *spec, uint32_t limit)
{
    return limit == 0 ? spec->is_unlimited
                      : spec->overrides[limit - 1].is_unlimited;
}

const char *quota_grant_words(const struct quota_grant *grant)
{
    if (grant->is_local)
        return grant->is_refused
                   ? "is exhausted here, and the store does not answer"
                   : "was counted here only: the store does not answer";
    if (grant->is_outage)
        return grant->granted > 0
                   ? "passed unchecked: the store does not answer"
                   : "cannot be checked";
    return grant->is_refused ? "is exhausted" : "";
}

enum quota_request_result quota_request_make(struct quota_request *request,
                                             const struct ruleset *ruleset,
                                             uint32_t index, struct bag *bag,
                                             struct eval_error *error)
{
    const struct quota_spec *spec = &ruleset->quotas[index];
    struct str values[QUOTA_DIMENSIONS_MAX];
    struct value holds = { .boolean = true };
    struct quota_key key;
    bool is_shadow;

    assert(spec->dimension_count <= QUOTA_DIMENSIONS_MAX);
    if (spec->match && code_eval(spec->match, bag, &holds, error) != EVAL_OK)
        return QUOTA_REQUEST_FAILED;
    if (!holds.boolean)
        return QUOTA_REQUEST_EXEMPT;
    if (eval_dimensions(spec, bag, values, error) != EVAL_OK ||
        !enforce_decide(&spec->enforcement, spec->name, bag, &is_shadow, error))
        return QUOTA_REQUEST_FAILED;
    if (!quota_key_make(&key, spec, values, ruleset->redact_keys, bag->arena))
        return QUOTA_REQUEST_FAILED;
    *request = (struct quota_request){
        .quota = index,
        .limit = key.limit,
        .key = key.bytes,
        .text = key.text,
        .amount = 1,
        .is_shadow = is_shadow,
    };
    return is_unlimited(spec, request->limit) ? QUOTA_REQUEST_UNLIMITED
                                              : QUOTA_REQUEST_MADE;
}
