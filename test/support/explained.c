#include "test/support/explained.h"

#include "test/support/table.h"

#include "config/explain_json.h"
#include "policy/check/explain.h"

static bool is_refused_by_list(const struct rule_account *account)
{
    const struct list_check *list = account->rule->list;

    return list && account->lookup.answer ==
                       (list->refuses_members ? ROSTER_IN : ROSTER_OUT);
}

/* Whether no later rule was asked. */
static bool ends_evaluation(const struct rule_account *account)
{
    const struct rule_event *event = account->event;

    if (!event || event->is_shadow)
        return false;
    if (event->outcome == RULE_FAILED)
        return account->rule->on_error == ON_ERROR_ALLOW;
    return account->rule->allows && !is_refused_by_list(account);
}

/* Whether the explanation says what could not be evaluated. */
static bool names_failure(const struct rule_account *account)
{
    if (account->has_match && account->match.status != EVAL_OK)
        return true;
    if (account->failure.text.data)
        return true;
    if (account->lookup.is_done && account->lookup.answer != ROSTER_IN &&
        account->lookup.answer != ROSTER_OUT)
        return true;
    for (uint32_t i = 0; i < account->quota_count; i++)
        if (account->quotas[i].fate == QUOTA_FAILED)
            return account->quotas[i].failure.text.data != NULL;
    return false;
}

static void check_rule(const struct rule_account *account, bool has_ended)
{
    const char *name = account->rule->name.data;

    switch (account->fate) {
    case RULE_TOOK_PART:
        row_true(name, account->event != NULL);
        row_true(name, !has_ended);
        if (account->event->outcome == RULE_FAILED)
            row_true(name, names_failure(account));
        else
            row_true(name, !account->has_match || account->match.value.boolean);
        break;
    case RULE_OTHER_NAMESPACE:
        row_true(name, account->rule->namespace.data != NULL);
        break;
    case RULE_NO_MATCH:
        row_true(name, account->match.clause_count > 0);
        break;
    case RULE_NOT_ACTIVE:
        row_true(name, account->rule->active != NULL);
        break;
    case RULE_NOT_ASKED:
        row_true(name, has_ended);
        break;
    }
}

static void check_rules(const struct explanation *explanation)
{
    const struct check *check = explanation->check;
    uint32_t event = 0;
    bool has_ended = false;

    row_equal_i64("rules", explanation->rule_count, check->ruleset->rule_count);
    for (uint32_t i = 0; i < explanation->rule_count; i++) {
        const struct rule_account *account = &explanation->rules[i];

        row_true("in file order", account->rule == &check->ruleset->rules[i]);
        if (account->event)
            row_true("each event", account->event == &check->events[event++]);
        check_rule(account, has_ended);
        has_ended = has_ended || ends_evaluation(account);
    }
    row_equal_i64("each event", event, check->event_count);
}

/* Whether one of them says that it is the request. */
static void check_request(const struct quota_request *request,
                          const struct quota_account *accounts, uint32_t count)
{
    uint32_t i = 0;

    while (i < count && (accounts[i].fate != QUOTA_ASKED ||
                         accounts[i].request.quota != request->quota))
        i++;
    assert_true(i < count);
    row_equal_str("key", accounts[i].request.key, request->key);
    row_equal_i64("amount", accounts[i].request.amount, request->amount);
    row_equal_i64("limit", accounts[i].request.limit, request->limit);
}

static void check_requests(const struct explanation *explanation)
{
    const struct check *check = explanation->check;

    for (uint32_t i = 0; i < check->request_count; i++) {
        uint32_t rule = check->request_rule[i];

        if (rule == UINT32_MAX)
            check_request(&check->requests[i], explanation->asks,
                          explanation->ask_count);
        else
            check_request(&check->requests[i], explanation->rules[rule].quotas,
                          explanation->rules[rule].quota_count);
    }
}

static void check_verdict(const struct explanation *explanation,
                          const struct snapshot *snapshot, struct arena *arena)
{
    const struct check *check = explanation->check;
    json_t *json = explain_json(explanation, snapshot, arena);

    row_equal_str("code",
                  str_of(json_string_value(json_object_get(json, "code"))),
                  str_of(status_code_name(check->code)));
    row_equal_i64("uses",
                  json_integer_value(json_object_get(json, "valid_uses")),
                  check->valid_uses);
    json_decref(json);
}

void explained_agrees(const struct check *check,
                      const struct quota_grant *grants,
                      const struct snapshot *snapshot)
{
    const struct explain_options options = { grants, UINT32_MAX };
    uint32_t recorded = check->refs.count;
    struct explanation explanation;
    struct arena arena;

    arena_init(&arena, 0);
    explain(&explanation, check, &options, snapshot->vocabulary, &arena);
    check_rules(&explanation);
    check_requests(&explanation);
    check_verdict(&explanation, snapshot, &arena);
    row_equal_i64("nothing is recorded", check->refs.count, recorded);
    arena_fini(&arena);
}
