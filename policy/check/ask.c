#include "policy/check/ask.h"

static struct quota_grant uncharged(const struct check *check, int64_t amount)
{
    return (struct quota_grant){
        .granted = amount < 0 ? -(amount + 1) : amount,
        .remaining = -1,
        .valid_for_ns = check->ruleset->valid_for_ns,
        .retry_after_ns = -1,
        .full_after_ns = -1,
    };
}

static void answer_unknown(const struct check *check,
                           struct quota_answer *answer)
{
    answer->result = ASK_UNKNOWN;
    if (!check->ruleset->refuse_unknown_quota)
        return;
    answer->grant.granted = 0;
    answer->grant.valid_for_ns = 0;
    answer->grant.is_refused = true;
}

static void add_request(struct check *check, const struct quota_ask *ask,
                        struct quota_answer *answer)
{
    struct quota_request *request = &check->requests[check->request_count];

    request->amount = ask->amount;
    request->is_best_effort = ask->is_best_effort;
    answer->result = ASK_CHARGED;
    answer->request = check->request_count;
    check->request_rule[check->request_count++] = UINT32_MAX;
}

static void ask_quota(struct check *check, const struct quota_ask *ask,
                      struct quota_answer *answer)
{
    struct quota_request *request = &check->requests[check->request_count];

    *answer = (struct quota_answer){
        .quota = ruleset_find_quota(check->ruleset, ask->name),
        .request = UINT32_MAX,
        .grant = uncharged(check, ask->amount),
    };
    refs_init(&answer->refs, check->bag->arena);
    if (answer->quota == UINT32_MAX) {
        answer_unknown(check, answer);
        return;
    }
    check->bag->refs = &answer->refs;
    switch (quota_request_make(request, check->ruleset, answer->quota,
                               check->bag, NULL)) {
    case QUOTA_REQUEST_MADE:
        add_request(check, ask, answer);
        break;
    case QUOTA_REQUEST_EXEMPT:
    case QUOTA_REQUEST_UNLIMITED:
        answer->result = ASK_EXEMPT;
        break;
    case QUOTA_REQUEST_FAILED:
        answer->result = ASK_FAILED;
        break;
    }
}

void ask_all(struct check *check)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        ask_quota(check, &check->asks[i], &check->answers[i]);
}

bool ask_names(const struct check *check, uint32_t quota)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        if (check->answers[i].quota == quota)
            return true;
    return false;
}

static void settle(struct check *check, uint32_t index,
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

void ask_settle(struct check *check, const struct quota_grant *grants)
{
    for (uint32_t i = 0; i < check->ask_count; i++)
        settle(check, i, grants);
}
