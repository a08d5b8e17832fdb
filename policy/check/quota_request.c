#include "policy/check/quota_request.h"

#include "policy/base/arena.h"
#include "policy/check/enforce.h"

#include <assert.h>
#include <endian.h>

/* Of a key's text for people; longer ones are cut. */
#define TEXT_BYTES 128

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

static uint32_t pick_limit(const struct quota_spec *spec,
                           const struct str *values)
{
    for (uint32_t i = 0; i < spec->override_count; i++) {
        const struct str *wanted = spec->overrides[i].values;
        uint32_t d = 0;

        while (d < spec->dimension_count &&
               (!wanted[d].data || str_eq(wanted[d], values[d])))
            d++;
        if (d == spec->dimension_count)
            return i + 1;
    }
    return 0;
}

static char *put_bytes(char *at, struct str bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/* Each value has its length before it, so no value can imitate another key. */
static struct str make_key(const struct quota_spec *spec,
                           const struct str *values, struct arena *arena)
{
    size_t len = spec->identity.len;
    char *key, *at;

    for (uint32_t i = 0; i < spec->dimension_count; i++)
        len += sizeof(uint64_t) + values[i].len;
    key = arena_alloc(arena, len);
    if (!key)
        return (struct str){ 0 };
    at = put_bytes(key, spec->identity);
    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        /* The same bytes on every replica, whatever its byte order. */
        uint64_t value_len = htole64(values[i].len);

        memcpy(at, &value_len, sizeof(value_len));
        at = put_bytes(at + sizeof(value_len), values[i]);
    }
    return (struct str){ key, len };
}

static struct str make_text(const struct quota_spec *spec,
                            const struct str *values, struct arena *arena)
{
    char *text = arena_alloc(arena, TEXT_BYTES);
    size_t len = 0;

    if (!text)
        return (struct str){ 0 };
    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        struct str parts[] = { i > 0 ? STR(",") : STR(""),
                               spec->dimensions[i].name, STR("="), values[i] };

        for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
            if (parts[p].len > TEXT_BYTES - len)
                parts[p].len = TEXT_BYTES - len;
            put_bytes(text + len, parts[p]);
            len += parts[p].len;
        }
    }
    return (struct str){ text, len };
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
    bool is_shadow;

    assert(spec->dimension_count <= QUOTA_DIMENSIONS_MAX);
    if (spec->match && code_eval(spec->match, bag, &holds, error) != EVAL_OK)
        return QUOTA_REQUEST_FAILED;
    if (!holds.boolean)
        return QUOTA_REQUEST_EXEMPT;
    if (eval_dimensions(spec, bag, values, error) != EVAL_OK ||
        !enforce_decide(&spec->enforcement, spec->name, bag, &is_shadow, error))
        return QUOTA_REQUEST_FAILED;
    *request = (struct quota_request){
        .quota = index,
        .limit = pick_limit(spec, values),
        .key = make_key(spec, values, bag->arena),
        .text = make_text(spec, values, bag->arena),
        .amount = 1,
        .is_shadow = is_shadow,
    };
    return request->key.data ? QUOTA_REQUEST_MADE : QUOTA_REQUEST_FAILED;
}
