#include "policy/check/check.h"

#include "policy/base/arena.h"
#include "policy/check/ask.h"
#include "policy/check/charge.h"
#include "policy/check/enforce.h"
#include "policy/check/headers.h"
#include "policy/check/list_check.h"
#include "policy/check/match.h"
#include "policy/check/verdict.h"
#include "policy/check/window.h"
#include "policy/rule/scope.h"

#include <assert.h>

/* ---- events ------------------------------------------------------------ */

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

/* NULL where the arena's limit is hit. */
static struct rule_event *add_event(struct check *check, uint32_t rule)
{
    struct rule_event *event;

    if (check->event_count == check->event_capacity && !grow_events(check))
        return NULL;
    event = &check->events[check->event_count++];
    *event = (struct rule_event){ .rule = rule };
    return event;
}

/* ---- one rule ---------------------------------------------------------- */

enum next {
    GO_ON,
    STOP, /* later rules are not asked */
};

/* As the rule says, or else by the given defaults. */
static void limit_validity(struct check *check, const struct rule *rule,
                           int64_t for_ns, int32_t uses)
{
    if (rule->valid_for_ns != VALIDITY_NOT_GIVEN)
        for_ns = rule->valid_for_ns;
    if (rule->valid_uses != VALIDITY_NOT_GIVEN)
        uses = rule->valid_uses;
    verdict_limit(check, for_ns, uses);
}

static void refuse(struct check *check, struct refusal refusal)
{
    verdict_refuse(check, refusal);
    limit_validity(check, refusal.rule, DENIAL_VALID_NS, DENIAL_VALID_USES);
}

static enum next fail(struct check *check, struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];

    event->outcome = RULE_FAILED;
    if (event->is_shadow)
        return GO_ON;
    switch (rule->on_error) {
    case ON_ERROR_SKIP:
        return GO_ON;
    case ON_ERROR_DENY:
        refuse(check, (struct refusal){
                          .rule = rule,
                          .code = STATUS_PERMISSION_DENIED,
                          .message = STR("the rule cannot be evaluated"),
                      });
        return GO_ON;
    case ON_ERROR_ALLOW:
        limit_validity(check, rule, INT64_MAX, INT32_MAX);
        return STOP;
    }
    return GO_ON;
}

static struct str list_message(const struct check *check,
                               const struct list_check *list)
{
    return arena_printf(check->bag->arena, "%s the list %.*s",
                        list->refuses_members ? "in" : "not in",
                        STR_ARG(list->name));
}

/* The rule refuses what it matches, or what its list does not let pass. */
static enum next deny(struct check *check, struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];
    struct refusal refusal = { .rule = rule,
                               .code = STATUS_PERMISSION_DENIED,
                               .shape = rule->deny };

    event->outcome = event->is_shadow ? RULE_SHADOW_DENIED : RULE_DENIED;
    if (event->is_shadow)
        return GO_ON;
    if (rule->deny) {
        refusal.code = rule->deny->code;
        refusal.message = rule->deny->message;
    }
    if (rule->list && refusal.message.len == 0)
        refusal.message = list_message(check, rule->list);
    refuse(check, refusal);
    return GO_ON;
}

/* The rule matches. */
static enum next act(struct check *check, struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];
    enum list_verdict verdict =
        rule->list ? list_check_decide(rule->list, check->bag) : LIST_PASSES;
    bool refuses_all = rule->deny && !rule->list && rule->quota_count == 0;

    if (verdict == LIST_FAILS)
        return fail(check, event);
    if (verdict == LIST_REFUSES || refuses_all)
        return deny(check, event);
    if (rule->quota_count > 0 && !charge_rule(check, event))
        return fail(check, event);
    event->outcome = RULE_PASSED;
    if (event->is_shadow)
        return GO_ON;
    limit_validity(check, rule, INT64_MAX, INT32_MAX);
    return rule->allows ? STOP : GO_ON;
}

/* An answer must not outlive the moment at which a rule that takes part in it
 * begins or ends. */
static bool is_active(struct check *check, const struct rule *rule,
                      bool is_evaluated)
{
    bool takes_part = is_evaluated || rule->on_error != ON_ERROR_SKIP;
    int64_t steady_ns;
    bool is_open;

    if (!rule->active)
        return true;
    is_open = window_is_open(rule->active, check->wall_ns, &steady_ns);
    if (takes_part && rule->enforcement.mode != MODE_SHADOW)
        verdict_limit(check, steady_ns, INT32_MAX);
    return is_open;
}

static enum next run_rule(struct check *check, uint32_t number)
{
    const struct rule *rule = &check->ruleset->rules[number];
    enum matching matching = match_decide(rule, check->bag);
    bool is_evaluated = matching == MATCHES;
    struct rule_event *event;

    if (matching == MATCHES_NOT || !is_active(check, rule, is_evaluated))
        return GO_ON;
    event = add_event(check, number);
    if (!event)
        return STOP; /* verdict_unfinished says so in the end */
    if (!enforce_decide(&rule->enforcement, rule->name, check->bag,
                        &event->is_shadow, NULL))
        is_evaluated = false;
    return is_evaluated ? act(check, event) : fail(check, event);
}

/* ---- all rules --------------------------------------------------------- */

static void init(struct check *check, const struct ruleset *ruleset,
                 const struct check_input *input)
{
    assert(input->ask_count <= QUOTAS_PER_CHECK_MAX);
    check->ruleset = ruleset;
    check->bag = input->bag;
    check->wall_ns = input->wall_ns;
    check->asks = input->asks;
    check->ask_count = input->ask_count;
    check->request_count = 0;
    check->events = NULL;
    check->event_count = check->event_capacity = 0;
    check->uncharged_count = 0;
    check->is_charged = false;
    refs_init(&check->refs, input->bag->arena);
    verdict_init(check);
}

static void run_rules(struct check *check)
{
    struct candidates candidates;
    enum next next = GO_ON;

    check->bag->refs = &check->refs;
    if (!scopes_find(check->ruleset->scopes, check->bag, &candidates))
        return; /* verdict_unfinished says so in the end */
    while (next == GO_ON) {
        uint32_t rule = candidates_next(&candidates);

        next = rule == RULE_NONE ? STOP : run_rule(check, rule);
    }
}

enum check_state check_run(struct check *check, const struct ruleset *ruleset,
                           const struct check_input *input)
{
    init(check, ruleset, input);
    ask_all(check);
    run_rules(check);
    if (check->code == STATUS_OK) {
        headers_collect(check);
        /* What a quota took part in must be asked anew each time. */
        if (check->is_charged)
            verdict_limit(check, 0, 0);
    } else {
        check->request_count = 0;
        verdict_write(check);
    }
    if (check->bag->arena->is_exhausted)
        verdict_unfinished(check);
    if (check->code != STATUS_OK)
        return CHECK_DENIED;
    return check->request_count > 0 ? CHECK_ASKS : CHECK_DONE;
}

void check_finish(struct check *check, const struct quota_grant *grants)
{
    ask_settle(check, grants);
    charge_settle(check, grants);
    if (check->code != STATUS_OK)
        verdict_write(check);
}
