#include "policy/check/explain.h"

#include "policy/check/match.h"
#include "policy/check/window.h"
#include "policy/rule/scope.h"

struct explainer {
    const struct check *check;
    const struct explain_options *options;
    struct vocabulary *vocabulary;
    struct arena *arena;
    struct bag bag; /* the check's, but in `arena` and without a record */
};

const char *quota_fate_text(enum quota_fate fate)
{
    switch (fate) {
#define X(name, text)                                                          \
    case QUOTA_##name:                                                         \
        return text;
        QUOTA_FATES(X)
#undef X
    }
    return "";
}

static bool evaluate(struct explainer *explainer, const struct code *code,
                     struct value *value, struct failure *failure)
{
    if (code_eval(code, &explainer->bag, value, &failure->error) == EVAL_OK)
        return true;
    failure->text = code_text(code);
    return false;
}

/* ---- quotas ------------------------------------------------------------ */

static bool is_named_by_caller(const struct check *check, uint32_t quota)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        if (check->answers[i].quota == quota)
            return true;
    return false;
}

/* Which request of the check it is; asked_by: a rule, or UINT32_MAX for the
 * caller. */
static void find_request(struct explainer *explainer, uint32_t asked_by,
                         struct quota_account *account)
{
    const struct check *check = explainer->check;
    const struct quota_grant *grants = explainer->options->grants;
    uint32_t quota = account->request.quota;

    account->fate = QUOTA_NOT_ASKED;
    if (asked_by != UINT32_MAX && is_named_by_caller(check, quota))
        account->fate = QUOTA_SHARED;
    for (uint32_t i = 0; i < check->request_count; i++) {
        if (check->requests[i].quota != quota)
            continue;
        account->fate =
            check->request_rule[i] == asked_by ? QUOTA_ASKED : QUOTA_SHARED;
        account->request = check->requests[i];
        account->grant = grants ? &grants[i] : NULL;
        return;
    }
}

/* Which of its expressions is to blame. */
static void find_failure(struct explainer *explainer,
                         const struct quota_spec *spec, struct failure *failure)
{
    struct value value;

    if (spec->match && !evaluate(explainer, spec->match, &value, failure))
        return;
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        if (!evaluate(explainer, spec->dimensions[i].code, &value, failure))
            return;
    if (spec->enforcement.by)
        evaluate(explainer, spec->enforcement.by, &value, failure);
}

static void account_quota(struct explainer *explainer, uint32_t quota,
                          struct quota_account *account)
{
    const struct ruleset *ruleset = explainer->check->ruleset;
    const struct quota_spec *spec = &ruleset->quotas[quota];

    *account = (struct quota_account){ .name = spec->name };
    switch (quota_request_make(&account->request, ruleset, quota,
                               &explainer->bag, NULL)) {
    case QUOTA_REQUEST_MADE:
        account->fate = QUOTA_NOT_ASKED;
        break;
    case QUOTA_REQUEST_EXEMPT:
        account->fate = QUOTA_EXEMPT;
        reason_find(&account->match, spec->match, &explainer->bag,
                    explainer->vocabulary, explainer->arena);
        break;
    case QUOTA_REQUEST_UNLIMITED:
        account->fate = QUOTA_UNLIMITED;
        break;
    case QUOTA_REQUEST_FAILED:
        account->fate = QUOTA_FAILED;
        find_failure(explainer, spec, &account->failure);
        break;
    }
}

static bool has_request(const struct quota_account *account)
{
    return account->fate == QUOTA_NOT_ASKED;
}

static void account_ask(struct explainer *explainer,
                        const struct quota_ask *ask,
                        struct quota_account *account)
{
    uint32_t quota = ruleset_find_quota(explainer->check->ruleset, ask->name);

    if (quota == UINT32_MAX) {
        *account = (struct quota_account){ .name = ask->name,
                                           .fate = QUOTA_UNKNOWN,
                                           .request.amount = ask->amount };
        return;
    }
    account_quota(explainer, quota, account);
    account->request.amount = ask->amount;
    if (has_request(account))
        find_request(explainer, UINT32_MAX, account);
}

static void account_asks(struct explainer *explainer,
                         struct explanation *explanation)
{
    const struct check *check = explainer->check;
    struct quota_account *accounts =
        arena_calloc(explainer->arena, check->ask_count, sizeof(*accounts));

    for (uint32_t i = 0; i < check->ask_count; i++)
        account_ask(explainer, &check->asks[i], &accounts[i]);
    explanation->asks = accounts;
    explanation->ask_count = check->ask_count;
}

/* ---- rules ------------------------------------------------------------- */

static void account_amount(struct explainer *explainer,
                           const struct quota_use *use,
                           struct quota_account *account)
{
    struct value amount = { .int64 = 1 };
    struct failure *failure = &account->failure;

    if (use->amount && evaluate(explainer, use->amount, &amount, failure) &&
        amount.int64 < 1) {
        failure->text = code_text(use->amount);
        failure->error = (struct eval_error){
            .status = EVAL_ERROR,
            .attribute = ATTR_NONE,
            .message = "the amount is below 1",
        };
    }
    account->request.amount = amount.int64;
    if (failure->text.data)
        account->fate = QUOTA_FAILED;
}

static void account_uses(struct explainer *explainer, uint32_t rule_number,
                         struct rule_account *account)
{
    const struct rule *rule = account->rule;
    struct quota_account *quotas =
        arena_calloc(explainer->arena, rule->quota_count, sizeof(*quotas));

    for (uint32_t i = 0; i < rule->quota_count; i++) {
        account_quota(explainer, rule->quotas[i].quota, &quotas[i]);
        if (has_request(&quotas[i]))
            account_amount(explainer, &rule->quotas[i], &quotas[i]);
        if (has_request(&quotas[i]))
            find_request(explainer, rule_number, &quotas[i]);
    }
    account->quotas = quotas;
    account->quota_count = rule->quota_count;
}

static bool does_match(const struct rule_account *account)
{
    return !account->has_match ||
           (account->match.status == EVAL_OK && account->match.value.boolean);
}

static bool is_active(const struct rule *rule, int64_t wall_ns)
{
    int64_t steady_ns;

    return !rule->active || window_is_open(rule->active, wall_ns, &steady_ns);
}

static enum rule_fate fate_without_event(struct explainer *explainer,
                                         const struct rule_account *account)
{
    const struct check *check = explainer->check;

    if (!scopes_hold(check->ruleset->scopes, &explainer->bag, account->rule))
        return RULE_OTHER_NAMESPACE;
    if (match_decide(account->rule, &explainer->bag) == MATCHES_NOT)
        return RULE_NO_MATCH;
    return is_active(account->rule, check->wall_ns) ? RULE_NOT_ASKED
                                                    : RULE_NOT_ACTIVE;
}

/* False if what comes after the list was not done. */
static bool account_list(struct explainer *explainer,
                         struct rule_account *account)
{
    const struct list_check *list = account->rule->list;
    struct lookup *lookup = &account->lookup;

    if (!list)
        return true;
    if (!evaluate(explainer, list->value, &lookup->value, &account->failure))
        return false;
    lookup->is_done = true;
    lookup->answer = roster_find(list->roster, &lookup->value);
    return lookup->answer == (list->refuses_members ? ROSTER_OUT : ROSTER_IN);
}

/* What a rule that matched did, up to where it failed or refused. */
static void account_actions(struct explainer *explainer, uint32_t number,
                            struct rule_account *account)
{
    const struct code *by = account->rule->enforcement.by;
    struct value value;

    if (by && !evaluate(explainer, by, &value, &account->failure))
        return;
    if (account_list(explainer, account))
        account_uses(explainer, number, account);
}

/* event: what the check noted of the rule, or NULL. */
static void account_rule(struct explainer *explainer, uint32_t number,
                         const struct rule_event *event,
                         struct rule_account *account)
{
    const struct rule *rule = &explainer->check->ruleset->rules[number];

    *account = (struct rule_account){ .rule = rule,
                                      .fate = RULE_TOOK_PART,
                                      .event = event,
                                      .has_match = rule->match != NULL };
    if (rule->match)
        reason_find(&account->match, rule->match, &explainer->bag,
                    explainer->vocabulary, explainer->arena);
    if (!event)
        account->fate = fate_without_event(explainer, account);
    else if (does_match(account))
        account_actions(explainer, number, account);
}

/* Events are in file order, as the rules are. */
static void account_rules(struct explainer *explainer,
                          struct explanation *explanation)
{
    const struct check *check = explainer->check;
    uint32_t count = check->ruleset->rule_count, e = 0, unmatched = 0;
    struct rule_account *accounts =
        arena_calloc(explainer->arena, count, sizeof(*accounts));

    for (uint32_t i = 0; i < count; i++) {
        const struct rule_event *event = NULL;

        if (e < check->event_count && check->events[e].rule == i)
            event = &check->events[e++];
        if (event || unmatched++ < explainer->options->unmatched_max)
            account_rule(explainer, i, event,
                         &accounts[explanation->rule_count++]);
    }
    explanation->rules = accounts;
    explanation->unexplained_count = count - explanation->rule_count;
}

void explain(struct explanation *explanation, const struct check *check,
             const struct explain_options *options,
             struct vocabulary *vocabulary, struct arena *arena)
{
    struct explainer explainer = { check, options, vocabulary, arena,
                                   *check->bag };

    explainer.bag.arena = arena;
    explainer.bag.refs = NULL;
    *explanation = (struct explanation){ .check = check };
    explanation->is_final = check->code != STATUS_OK || options->grants ||
                            check->request_count == 0;
    account_rules(&explainer, explanation);
    account_asks(&explainer, explanation);
}
