#include "policy/check/explain.h"

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

/* Whether rules left it to the quotas: answers and requests are then set. */
static bool has_asked(const struct explainer *explainer)
{
    return explainer->check->code == STATUS_OK || explainer->options->grants;
}

/* ---- quotas ------------------------------------------------------------ */

static bool is_named_by_caller(const struct check *check, uint32_t quota)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        if (check->answers[i].quota == quota)
            return true;
    return false;
}

static void find_request(struct explainer *explainer, uint32_t asked_by,
                         struct quota_account *account)
{
    const struct check *check = explainer->check;
    const struct quota_grant *grants = explainer->options->grants;

    account->fate = QUOTA_NOT_ASKED;
    if (!has_asked(explainer))
        return;
    if (is_named_by_caller(check, account->quota))
        account->fate = QUOTA_SHARED;
    for (uint32_t i = 0; i < check->request_count; i++) {
        if (check->requests[i].quota != account->quota)
            continue;
        account->fate =
            check->request_rule[i] == asked_by ? QUOTA_ASKED : QUOTA_SHARED;
        account->request = check->requests[i];
        account->grant = grants ? &grants[i] : NULL;
        return;
    }
}

/* The text of which error->offset is a place: the match's or a dimension's. */
static struct str failed_text(const struct quota_spec *spec, struct bag *bag)
{
    struct value value;

    if (spec->match && code_eval(spec->match, bag, &value, NULL) != EVAL_OK)
        return code_text(spec->match);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        if (code_eval(spec->dimensions[i].code, bag, &value, NULL) != EVAL_OK)
            return code_text(spec->dimensions[i].code);
    return STR("");
}

/* asked_by: a rule, or UINT32_MAX for the caller. */
static void account_quota(struct explainer *explainer, uint32_t quota,
                          uint32_t asked_by, struct quota_account *account)
{
    const struct ruleset *ruleset = explainer->check->ruleset;
    const struct quota_spec *spec = &ruleset->quotas[quota];

    *account = (struct quota_account){ .name = spec->name, .quota = quota };
    switch (quota_request_make(&account->request, ruleset, quota,
                               &explainer->bag, &account->error)) {
    case QUOTA_REQUEST_MADE:
        find_request(explainer, asked_by, account);
        break;
    case QUOTA_REQUEST_EXEMPT:
        account->fate = QUOTA_EXEMPT;
        reason_find(&account->match, spec->match, &explainer->bag,
                    explainer->vocabulary, explainer->arena);
        break;
    case QUOTA_REQUEST_FAILED:
        account->fate = QUOTA_FAILED;
        account->text = failed_text(spec, &explainer->bag);
        break;
    }
}

static void account_asks(struct explainer *explainer,
                         struct explanation *explanation)
{
    const struct check *check = explainer->check;
    struct quota_account *accounts =
        arena_calloc(explainer->arena, check->ask_count, sizeof(*accounts));

    for (uint32_t i = 0; i < check->ask_count; i++) {
        const struct quota_ask *ask = &check->asks[i];
        uint32_t quota = ruleset_find_quota(check->ruleset, ask->name);

        if (quota == UINT32_MAX)
            accounts[i] = (struct quota_account){ .fate = QUOTA_UNKNOWN,
                                                  .quota = UINT32_MAX };
        else
            account_quota(explainer, quota, UINT32_MAX, &accounts[i]);
        accounts[i].name = ask->name;
        accounts[i].request.amount = ask->amount;
    }
    explanation->asks = accounts;
    explanation->ask_count = check->ask_count;
}

/* ---- rules ------------------------------------------------------------- */

static void account_rule_quotas(struct explainer *explainer, uint32_t index,
                                struct rule_account *account)
{
    const struct rule *rule = account->rule;
    struct quota_account *quotas =
        arena_calloc(explainer->arena, rule->quota_count, sizeof(*quotas));

    for (uint32_t i = 0; i < rule->quota_count; i++)
        account_quota(explainer, rule->quotas[i].quota, index, &quotas[i]);
    account->quotas = quotas;
    account->quota_count = rule->quota_count;
}

static bool does_match(const struct rule_account *account)
{
    return !account->has_match ||
           (account->match.status == EVAL_OK && account->match.value.boolean);
}

/* event: what the check noted of the rule, or NULL. */
static void account_rule(struct explainer *explainer, uint32_t index,
                         const struct rule_event *event,
                         struct rule_account *account)
{
    const struct rule *rule = &explainer->check->ruleset->rules[index];

    *account =
        (struct rule_account){ .rule = rule, .has_match = rule->match != NULL };
    if (rule->match)
        reason_find(&account->match, rule->match, &explainer->bag,
                    explainer->vocabulary, explainer->arena);
    if (event) {
        account->fate = RULE_TOOK_PART;
        account->outcome = event->outcome;
        if (does_match(account))
            account_rule_quotas(explainer, index, account);
    } else if (does_match(account) || account->match.status != EVAL_OK) {
        account->fate = RULE_NOT_REACHED;
    } else {
        account->fate = RULE_NO_MATCH;
    }
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
