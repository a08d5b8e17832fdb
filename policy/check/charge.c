#include "policy/check/charge.h"

#include "policy/check/ask.h"
#include "policy/check/verdict.h"

#include <assert.h>
#include <inttypes.h>

static bool eval_amount(const struct quota_use *use, struct bag *bag,
                        int64_t *amount)
{
    struct value value = { .int64 = 1 };

    if (use->amount && code_eval(use->amount, bag, &value, NULL) != EVAL_OK)
        return false;
    *amount = value.int64;
    return *amount > 0;
}

static enum quota_request_result make(const struct check *check,
                                      const struct quota_use *use,
                                      struct quota_request *request)
{
    enum quota_request_result result = quota_request_make(
        request, check->ruleset, use->quota, check->bag, NULL);

    if (result == QUOTA_REQUEST_MADE &&
        !eval_amount(use, check->bag, &request->amount))
        return QUOTA_REQUEST_FAILED;
    return result;
}

/* Two rules charge one quota: one that enforces is enough for it to be
 * enforced, and the larger amount counts. */
static void share(struct quota_request *shared, uint32_t *rule,
                  const struct quota_request *request, uint32_t request_rule)
{
    bool is_first_to_enforce = shared->is_shadow && !request->is_shadow;

    if (shared->is_shadow == request->is_shadow
            ? request->amount > shared->amount
            : is_first_to_enforce)
        *shared = *request;
    if (is_first_to_enforce)
        *rule = request_rule;
}

static void add(struct check *check, const struct quota_request *request,
                uint32_t rule)
{
    uint32_t i = 0;

    while (i < check->request_count &&
           check->requests[i].quota != request->quota)
        i++;
    if (i < check->request_count) {
        share(&check->requests[i], &check->request_rule[i], request, rule);
    } else if (i == QUOTAS_PER_CHECK_MAX) {
        check->uncharged_count++;
    } else {
        check->requests[i] = *request;
        check->request_rule[i] = rule;
        check->request_count++;
    }
}

bool charge_rule(struct check *check, const struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];
    struct quota_request made[QUOTAS_PER_CHECK_MAX];
    uint32_t count = 0;

    assert(rule->quota_count <= QUOTAS_PER_CHECK_MAX);
    for (uint32_t i = 0; i < rule->quota_count; i++) {
        if (ask_names(check, rule->quotas[i].quota))
            continue;
        switch (make(check, &rule->quotas[i], &made[count])) {
        case QUOTA_REQUEST_MADE:
            if (event->is_shadow)
                made[count].is_shadow = true;
            count++;
            break;
        case QUOTA_REQUEST_EXEMPT:
        case QUOTA_REQUEST_UNLIMITED:
            break;
        case QUOTA_REQUEST_FAILED:
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        add(check, &made[i], event->rule);
    check->is_charged = true;
    return true;
}

/* ---- after the store --------------------------------------------------- */

static void set_outcome(struct check *check, uint32_t rule,
                        enum rule_outcome outcome)
{
    for (uint32_t i = 0; i < check->event_count; i++)
        if (check->events[i].rule == rule)
            check->events[i].outcome = outcome;
}

static void refuse(struct check *check, uint32_t index,
                   const struct quota_grant *grant)
{
    uint32_t number = check->request_rule[index];
    struct refusal refusal = {
        .rule = &check->ruleset->rules[number],
        .code = STATUS_RESOURCE_EXHAUSTED,
        .shape = check->ruleset->rules[number].deny,
    };
    const struct quota_spec *spec =
        &check->ruleset->quotas[check->requests[index].quota];

    if (refusal.shape)
        refusal.message = refusal.shape->message;
    if (refusal.message.len == 0)
        refusal.message =
            arena_printf(check->bag->arena, "quota %.*s %s",
                         STR_ARG(spec->name), quota_grant_words(grant));
    verdict_refuse(check, refusal);
    set_outcome(check, number, RULE_DENIED);
    /* All must grant, so the last one decides when a retry makes sense. */
    if (check->retry_after_ns < grant->retry_after_ns)
        check->retry_after_ns = grant->retry_after_ns;
}

static bool has_header(const struct header_changes *headers, struct str name)
{
    for (uint32_t i = 0; i < headers->count; i++)
        if (str_eq_nocase(headers->items[i].name, name))
            return true;
    return false;
}

/* Rounded up: who comes too early is refused again. */
static int64_t whole_seconds(int64_t ns)
{
    const int64_t second_ns = 1000000000;

    return ns / second_ns + (ns % second_ns > 0 ? 1 : 0);
}

/* Tells the HTTP client when to come back, unless the rule does. */
static void add_retry_after(struct check *check)
{
    struct header_changes *headers = &check->response_headers;
    struct arena *arena = check->bag->arena;
    struct header_change retry_after = { .name = STR("retry-after") };
    struct header_change *items;

    if (check->code == STATUS_OK || check->retry_after_ns < 0 ||
        has_header(headers, retry_after.name))
        return;
    items = arena_alloc(arena, (headers->count + 1) * sizeof(*items));
    retry_after.value =
        arena_printf(arena, "%" PRId64, whole_seconds(check->retry_after_ns));
    if (!items || !retry_after.value.data)
        return;
    if (headers->count > 0)
        memcpy(items, headers->items, headers->count * sizeof(*items));
    items[headers->count] = retry_after;
    *headers = (struct header_changes){ items, headers->count + 1 };
}

/* Passed, but not as it should be: the answer says so. */
static void tell_outage(struct check *check, uint32_t index,
                        const struct quota_grant *grant)
{
    const struct ruleset *ruleset = check->ruleset;
    const struct rule *rule = &ruleset->rules[check->request_rule[index]];
    uint32_t quota = check->requests[index].quota;

    check->message = arena_printf(
        check->bag->arena, "%.*s%s%.*s:quota %.*s %s", STR_ARG(check->message),
        check->message.len > 0 ? ", " : "", STR_ARG(rule->name),
        STR_ARG(ruleset->quotas[quota].name), quota_grant_words(grant));
}

static void tell_outages(struct check *check, const struct quota_grant *grants)
{
    for (uint32_t i = 0; i < check->request_count; i++)
        if (check->request_rule[i] != UINT32_MAX && grants[i].is_outage)
            tell_outage(check, i, &grants[i]);
}

void charge_settle(struct check *check, const struct quota_grant *grants)
{
    for (uint32_t i = 0; i < check->request_count; i++) {
        uint32_t rule = check->request_rule[i];

        if (rule == UINT32_MAX || !grants[i].is_refused)
            continue;
        if (check->requests[i].is_shadow)
            set_outcome(check, rule, RULE_SHADOW_DENIED);
        else
            refuse(check, i, &grants[i]);
    }
    add_retry_after(check);
    if (check->code == STATUS_OK)
        tell_outages(check, grants);
}
