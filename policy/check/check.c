#include "policy/check/check.h"

#include "policy/base/arena.h"

#include <assert.h>

#define NOBODY UINT32_MAX

/* ---- the verdict ------------------------------------------------------- */

static void forbid_caching(struct check *check)
{
    check->valid_for_ns = 0;
    check->valid_uses = 0;
}

static void limit_validity(struct check *check, int64_t for_ns, int32_t uses)
{
    if (check->valid_for_ns > for_ns)
        check->valid_for_ns = for_ns;
    if (check->valid_uses > uses)
        check->valid_uses = uses;
}

/* Several denials: the first gives code and HTTP status, all give their
 * message, in the order of the file. */
static void deny(struct check *check, const struct rule *rule,
                 struct denial denial)
{
    struct arena *arena = check->bag->arena;
    struct str before = check->message;
    struct str text;

    text = arena_printf(arena, "%.*s%s%.*s:%.*s", STR_ARG(before),
                        before.len > 0 ? ", " : "", STR_ARG(rule->name),
                        STR_ARG(denial.message));
    if (text.data)
        check->message = text;
    if (check->code != STATUS_OK)
        return;
    check->code = denial.code;
    check->http_status = denial.http_status;
}

/* The request was so large that a rule may not have been asked. */
static void deny_unfinished(struct check *check)
{
    check->code = STATUS_RESOURCE_EXHAUSTED;
    check->message = STR("the request is too large to be checked");
    check->http_status = 0;
    forbid_caching(check);
}

/* ---- the rules --------------------------------------------------------- */

#define EVENTS_FIRST 16

static bool grow_events(struct check *check)
{
    uint32_t capacity =
        check->event_capacity == 0 ? EVENTS_FIRST : 2 * check->event_capacity;
    struct rule_event *events =
        arena_alloc(check->bag->arena, capacity * sizeof(*events));

    if (!events)
        return false;
    if (check->event_count > 0)
        memcpy(events, check->events, check->event_count * sizeof(*events));
    check->events = events;
    check->event_capacity = capacity;
    return true;
}

static void add_event(struct check *check, uint32_t rule,
                      enum rule_outcome outcome)
{
    if (check->event_count < check->event_capacity || grow_events(check))
        check->events[check->event_count++] =
            (struct rule_event){ rule, outcome };
}

enum next {
    GO_ON,
    STOP, /* later rules are not asked */
};

/* A rule that cannot be evaluated, at its match or at a key of its quota. */
static enum next on_failure(struct check *check, const struct rule *rule)
{
    static const struct denial unknown = {
        .code = STATUS_PERMISSION_DENIED,
        .message = STR_INIT("the rule cannot be evaluated"),
    };

    if (rule->mode == MODE_SHADOW)
        return GO_ON;
    switch (rule->on_error) {
    case ON_ERROR_SKIP:
        return GO_ON;
    case ON_ERROR_DENY:
        deny(check, rule, unknown);
        limit_validity(check, DENIAL_VALID_NS, DENIAL_VALID_USES);
        return GO_ON;
    case ON_ERROR_ALLOW:
        return STOP;
    }
    return GO_ON;
}

static enum next run_rule(struct check *check, uint32_t index)
{
    const struct rule *rule = &check->ruleset->rules[index];
    struct value matches = { .boolean = true };

    if (rule->match &&
        code_eval(rule->match, check->bag, &matches, NULL) != EVAL_OK) {
        add_event(check, index, RULE_FAILED);
        return on_failure(check, rule);
    }
    if (!matches.boolean)
        return GO_ON;
    /* With quotas, `deny` only shapes their refusal. */
    if (rule->quota_count > 0 || !rule->has_deny) {
        add_event(check, index, RULE_PASSED);
    } else if (rule->mode == MODE_SHADOW) {
        add_event(check, index, RULE_SHADOW_DENIED);
    } else {
        add_event(check, index, RULE_DENIED);
        deny(check, rule, rule->deny);
        limit_validity(check, DENIAL_VALID_NS, DENIAL_VALID_USES);
    }
    return GO_ON;
}

static void run_rules(struct check *check)
{
    uint32_t count = check->ruleset->rule_count;

    check->bag->refs = &check->refs;
    for (uint32_t i = 0; i < count; i++)
        if (run_rule(check, i) == STOP)
            break;
}

/* ---- the quotas -------------------------------------------------------- */

static struct quota_request *next_request(struct check *check)
{
    return &check->requests[check->request_count];
}

static uint32_t add_request(struct check *check, uint32_t rule)
{
    check->request_rule[check->request_count] = rule;
    return check->request_count++;
}

static struct quota_grant uncharged(const struct check *check, int64_t amount)
{
    return (struct quota_grant){
        .granted = amount < 0 ? -(amount + 1) : amount,
        .remaining = -1,
        .valid_for_ns = check->ruleset->valid_for_ns,
        .retry_after_ns = -1,
    };
}

static void ask_unknown(const struct check *check, struct quota_answer *answer)
{
    answer->result = ASK_UNKNOWN;
    if (!check->ruleset->refuse_unknown_quota)
        return;
    answer->grant.granted = 0;
    answer->grant.valid_for_ns = 0;
    answer->grant.is_refused = true;
}

/* A quota that the caller named. It is charged whatever rules match. */
static void ask_quota(struct check *check, const struct quota_ask *ask,
                      struct quota_answer *answer)
{
    struct quota_request *request = next_request(check);

    *answer = (struct quota_answer){
        .quota = ruleset_find_quota(check->ruleset, ask->name),
        .request = NOBODY,
        .grant = uncharged(check, ask->amount),
    };
    refs_init(&answer->refs, check->bag->arena);
    if (answer->quota == UINT32_MAX) {
        ask_unknown(check, answer);
        return;
    }
    check->bag->refs = &answer->refs;
    switch (quota_request_make(request, check->ruleset, answer->quota,
                               check->bag, NULL)) {
    case QUOTA_REQUEST_MADE:
        request->amount = ask->amount;
        request->is_best_effort = ask->is_best_effort;
        answer->result = ASK_CHARGED;
        answer->request = add_request(check, NOBODY);
        break;
    case QUOTA_REQUEST_EXEMPT:
        answer->result = ASK_EXEMPT;
        break;
    case QUOTA_REQUEST_FAILED:
        answer->result = ASK_FAILED;
        break;
    }
}

static bool is_asked_by_caller(const struct check *check, uint32_t quota)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        if (check->answers[i].quota == quota)
            return true;
    return false;
}

static uint32_t find_request(const struct check *check, uint32_t quota)
{
    uint32_t i = 0;

    while (i < check->request_count && check->requests[i].quota != quota)
        i++;
    return i;
}

/* A quota is charged once, whoever asks; one rule that enforces is enough for
 * it to be enforced. */
static void share_request(struct check *check, uint32_t shared, uint32_t rule)
{
    const struct ruleset *ruleset = check->ruleset;
    struct quota_request *request = &check->requests[shared];

    if (!request->is_shadow || ruleset->rules[rule].mode == MODE_SHADOW ||
        ruleset->quotas[request->quota].mode == MODE_SHADOW)
        return;
    request->is_shadow = false;
    check->request_rule[shared] = rule;
}

/* A quota of a rule that matched. False if it cannot be evaluated. */
static bool add_rule_quota(struct check *check, uint32_t rule, uint32_t quota)
{
    struct quota_request *request = next_request(check);
    uint32_t shared = find_request(check, quota);

    if (is_asked_by_caller(check, quota))
        return true;
    if (shared < check->request_count) {
        share_request(check, shared, rule);
        return true;
    }
    if (check->request_count == QUOTAS_PER_CHECK_MAX) {
        check->uncharged_count++;
        return true;
    }
    switch (
        quota_request_make(request, check->ruleset, quota, check->bag, NULL)) {
    case QUOTA_REQUEST_MADE:
        if (check->ruleset->rules[rule].mode == MODE_SHADOW)
            request->is_shadow = true;
        add_request(check, rule);
        return true;
    case QUOTA_REQUEST_EXEMPT:
        return true;
    case QUOTA_REQUEST_FAILED:
        return false;
    }
    return false;
}

static enum next add_rule_quotas(struct check *check, struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];
    enum next next = GO_ON;

    if (event->outcome != RULE_PASSED || rule->quota_count == 0)
        return GO_ON;
    /* What such a rule took part in must be asked anew each time. */
    forbid_caching(check);
    for (uint32_t i = 0; i < rule->quota_count && next == GO_ON; i++) {
        if (add_rule_quota(check, event->rule, rule->quotas[i]))
            continue;
        event->outcome = RULE_FAILED;
        next = on_failure(check, rule);
    }
    return next;
}

static void collect_requests(struct check *check)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        ask_quota(check, &check->asks[i], &check->answers[i]);
    check->bag->refs = &check->refs;
    for (uint32_t i = 0; i < check->event_count; i++)
        if (add_rule_quotas(check, &check->events[i]) == STOP)
            break;
}

enum check_state check_run(struct check *check, const struct ruleset *ruleset,
                           struct bag *bag, const struct quota_ask *asks,
                           uint32_t ask_count)
{
    assert(ask_count <= QUOTAS_PER_CHECK_MAX);
    check->ruleset = ruleset;
    check->bag = bag;
    check->code = STATUS_OK;
    check->message = (struct str){ 0 };
    check->http_status = 0;
    check->valid_for_ns = ruleset->valid_for_ns;
    check->valid_uses = ruleset->valid_uses;
    check->retry_after_ns = -1;
    check->request_count = 0;
    check->asks = asks;
    check->ask_count = ask_count;
    check->events = NULL;
    check->event_count = check->event_capacity = 0;
    check->uncharged_count = 0;
    refs_init(&check->refs, bag->arena);

    run_rules(check);
    if (check->code == STATUS_OK)
        collect_requests(check);
    if (bag->arena->is_exhausted)
        deny_unfinished(check);
    if (check->code != STATUS_OK)
        return CHECK_DENIED;
    return check->request_count > 0 ? CHECK_ASKS : CHECK_DONE;
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
    uint32_t rule_index = check->request_rule[index];
    const struct rule *rule = &check->ruleset->rules[rule_index];
    const struct quota_spec *spec =
        &check->ruleset->quotas[check->requests[index].quota];
    struct denial denial = { 0 };

    if (rule->has_deny)
        denial = rule->deny;
    if (denial.message.len == 0)
        denial.message = arena_printf(
            check->bag->arena, "quota %.*s %s", STR_ARG(spec->name),
            grant->is_outage ? "cannot be checked" : "is exhausted");
    denial.code = STATUS_RESOURCE_EXHAUSTED;
    deny(check, rule, denial);
    set_outcome(check, rule_index, RULE_DENIED);
    /* All must grant, so the last one decides when a retry makes sense. */
    if (check->retry_after_ns < grant->retry_after_ns)
        check->retry_after_ns = grant->retry_after_ns;
}

static void answer_ask(struct check *check, uint32_t index,
                       const struct quota_grant *grants)
{
    struct quota_answer *answer = &check->answers[index];

    if (answer->result != ASK_CHARGED)
        return;
    answer->grant = grants[answer->request];
    /* In shadow the store says what it would have refused; the caller is not
     * to feel it. */
    if (check->requests[answer->request].is_shadow &&
        answer->grant.is_refused) {
        answer->grant.is_refused = false;
        answer->grant.granted = check->asks[index].amount;
    }
}

void check_finish(struct check *check, const struct quota_grant *grants)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        answer_ask(check, i, grants);
    for (uint32_t i = 0; i < check->request_count; i++) {
        uint32_t rule = check->request_rule[i];

        if (rule == NOBODY || !grants[i].is_refused)
            continue;
        if (check->requests[i].is_shadow)
            set_outcome(check, rule, RULE_SHADOW_DENIED);
        else
            refuse(check, i, &grants[i]);
    }
}
