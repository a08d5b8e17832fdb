#include "proto/server/call/tally.h"

#include "policy/base/log.h"
#include "proto/server/call/worker.h"
#include "quota/take.h"

#include <stdbool.h>

static struct worker_block *block_of(const struct call *call)
{
    return call->endpoint->worker->block;
}

void tally_verdict(struct call *call, enum verdict verdict)
{
    enum door door = call->endpoint->service->door;

    if (door != DOOR_NONE)
        COUNT(block_of(call)->checks[door][verdict], 1);
}

static struct quota_counters *quota_of(const struct call *call, uint32_t quota)
{
    return &block_of(call)->quotas[call->served->quota_slots[quota]];
}

/* Once per configuration: who asks for it will ask again. */
static void log_unknown(struct call *call, struct str name)
{
    struct served *served = call->served;

    if (!served->has_logged_unknown)
        log_warning("unknown_quota", "name=\"%.*s\"", STR_ARG(name));
    served->has_logged_unknown = true;
}

static bool tally_ask(struct call *call, uint32_t index)
{
    const struct quota_answer *answer = &call->check.answers[index];

    switch (answer->result) {
    case ASK_UNKNOWN:
        COUNT(block_of(call)->unknown_quotas, 1);
        log_unknown(call, call->check.asks[index].name);
        break;
    case ASK_EXEMPT:
        COUNT(quota_of(call, answer->quota)->exempt, 1);
        break;
    case ASK_CHARGED:
    case ASK_FAILED:
        break;
    }
    return answer->grant.is_refused;
}

static void tally_event(struct call *call, struct rule_event event)
{
    struct rule_counters *rule =
        &block_of(call)->rules[call->served->rule_slots[event.rule]];

    switch (event.outcome) {
    case RULE_DENIED:
        COUNT(rule->denied, 1);
        break;
    case RULE_PASSED:
        COUNT(rule->passed, 1);
        break;
    case RULE_SHADOW_DENIED:
        COUNT(rule->shadow_denied, 1);
        break;
    case RULE_FAILED:
        COUNT(rule->failed, 1);
        break;
    }
}

void tally_check(struct call *call)
{
    struct check *check = &call->check;
    bool is_refused = false;

    if (call->endpoint->service->door == DOOR_NONE)
        return;
    COUNT(block_of(call)->mistyped_attributes, call->bag.mistyped_count);
    COUNT(block_of(call)->uncharged_quotas, check->uncharged_count);
    for (uint32_t i = 0; i < check->event_count; i++)
        tally_event(call, check->events[i]);
    if (check->code != STATUS_OK && !call->is_taken) {
        tally_verdict(call, call->arena.is_exhausted ? VERDICT_INVALID
                                                     : VERDICT_DENIED);
        return;
    }
    for (uint32_t i = 0; i < check->ask_count; i++)
        if (tally_ask(call, i))
            is_refused = true;
    is_refused = is_refused || check->code != STATUS_OK;
    tally_verdict(call, is_refused ? VERDICT_EXHAUSTED : VERDICT_ALLOWED);
}

static void tally_outage(struct quota_counters *quota,
                         const struct quota_grant *grant)
{
    if (!grant->is_local)
        COUNT(
            *(grant->is_refused ? &quota->outage_closed : &quota->outage_open),
            1);
    else
        COUNT(*(grant->is_refused ? &quota->outage_local_refused
                                  : &quota->outage_local_granted),
              1);
}

static void tally_grant(struct quota_counters *quota,
                        const struct quota_request *request,
                        const struct quota_grant *grant)
{
    if (grant->is_outage && request->amount >= 0)
        tally_outage(quota, grant);
    else if (request->amount < 0)
        COUNT(quota->released, grant->granted);
    else if (!grant->is_refused)
        COUNT(quota->granted, 1);
    else if (request->is_shadow)
        COUNT(quota->shadow_refused, 1);
    else
        COUNT(quota->refused, 1);
}

/* Of a key that is refused for want of quota, not of a store. */
static void note_refusal(struct call *call, uint32_t index)
{
    const struct quota_request *request = &call->check.requests[index];
    const struct charge *charge = &call->take.charges[index];
    const struct served *served = call->served;
    const struct refusal refusal = {
        .key = charge->key,
        .quota = served->quota_slots[request->quota],
        .slots = charge->limit->algorithm == LIMIT_CONCURRENCY
                     ? charge->limit->amount
                     : 0,
        .text = request->text,
        .is_redacted = served->snapshot->ruleset.redact_keys,
    };

    hot_keys_add(&block_of(call)->hot_keys, &refusal,
                 call->endpoint->worker->core.now_ns);
}

void tally_quotas(struct call *call)
{
    const struct check *check = &call->check;
    bool is_refused = take_is_refused(&call->take);

    for (uint32_t i = 0; i < check->request_count; i++) {
        const struct quota_grant *grant = &call->take.grants[i];

        /* Not charged, since another one refused. */
        if (is_refused && !grant->is_refused)
            continue;
        tally_grant(quota_of(call, check->requests[i].quota),
                    &check->requests[i], grant);
        if (grant->is_refused && !grant->is_outage &&
            !check->requests[i].is_shadow)
            note_refusal(call, i);
    }
}

void tally_release(struct call *call, const struct release *release)
{
    const struct ruleset *ruleset = &call->served->snapshot->ruleset;
    uint32_t quota;

    COUNT(block_of(call)->released_units, release->released);
    if (release->count != 1)
        return;
    quota = ruleset_find_quota(ruleset, release->leases[0].quota);
    if (quota != UINT32_MAX)
        COUNT(quota_of(call, quota)->released, release->released);
}

void tally_reply(struct call *call, int64_t now_ns)
{
    enum door door = call->endpoint->service->door;

    if (call->rpc.was_cancelled)
        COUNT(block_of(call)->cancelled_calls, 1);
    if (door != DOOR_NONE)
        histogram_record(&block_of(call)->latency[door],
                         now_ns - call->accepted_ns);
}
