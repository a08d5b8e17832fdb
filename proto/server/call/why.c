#include "proto/server/call/why.h"

#include "config/explain_json.h"
#include "policy/base/log.h"
#include "policy/check/explain.h"
#include "proto/server/call/denial_log.h"
#include "proto/server/call/worker.h"

#define EXPLAIN_KEY "sluice-explain"
#define DECISION_KEY "sluice-decision"

/* Clients refuse metadata of more than 8 KiB by default. */
#define EXPLAIN_BYTES_MAX 4096

/* To explain a rule is to parse its match again, and the worker does nothing
 * else meanwhile. */
#define UNMATCHED_MAX 100

/* ---- who refused ------------------------------------------------------- */

static const struct quota_grant *grants_of(const struct call *call)
{
    return call->is_taken ? call->take.grants : NULL;
}

static bool has_refused(const struct check *check,
                        const struct rule_event *event)
{
    const struct rule *rule = &check->ruleset->rules[event->rule];

    return event->outcome == RULE_DENIED ||
           (event->outcome == RULE_FAILED && !event->is_shadow &&
            rule->on_error == ON_ERROR_DENY);
}

static void set_quota(const struct check *check, uint32_t request,
                      struct denial_facts *facts)
{
    facts->quota = check->ruleset->quotas[check->requests[request].quota].name;
    facts->key = check->requests[request].text;
}

/* The first rule that refused, and the quota by which it did. */
static void find_rule(const struct call *call, struct denial_facts *facts)
{
    const struct check *check = &call->check;
    const struct quota_grant *grants = grants_of(call);
    uint32_t rule = UINT32_MAX;

    for (uint32_t i = 0; i < check->event_count && rule == UINT32_MAX; i++)
        if (has_refused(check, &check->events[i]))
            rule = check->events[i].rule;
    if (rule == UINT32_MAX)
        return; /* the request is too large */
    facts->rule = check->ruleset->rules[rule].name;
    for (uint32_t i = 0; grants && i < check->request_count; i++)
        if (check->request_rule[i] == rule && grants[i].is_refused) {
            set_quota(check, i, facts);
            return;
        }
}

/* False if no quota that the caller named was refused. */
static bool find_ask(const struct check *check, struct denial_facts *facts)
{
    for (uint32_t i = 0; i < check->ask_count; i++) {
        const struct quota_answer *answer = &check->answers[i];

        if (!answer->grant.is_refused)
            continue;
        facts->code = STATUS_RESOURCE_EXHAUSTED;
        facts->quota = check->asks[i].name;
        if (answer->result == ASK_CHARGED)
            set_quota(check, answer->request, facts);
        return true;
    }
    return false;
}

static bool find_refusal(const struct call *call, struct denial_facts *facts)
{
    *facts = (struct denial_facts){ .code = call->check.code };
    if (call->check.code == STATUS_OK)
        return find_ask(&call->check, facts);
    find_rule(call, facts);
    return true;
}

/* ---- what is told ------------------------------------------------------ */

static bool log_refusal(struct call *call, const struct denial_facts *facts)
{
    struct worker *worker = call->endpoint->worker;
    const struct log_settings *settings = &call->served->snapshot->log;
    char line[DENIAL_LINE_BYTES];

    if (!denial_log_admit(&worker->denials, settings, facts->decision,
                          worker->core.now_ns))
        return false;
    denial_log_format(&worker->denials, facts, line);
    log_info("denied", "%s", line);
    return true;
}

static void tell_decision(struct call *call, uint64_t decision)
{
    char text[DECISION_TEXT_SIZE];

    decision_format(decision, text);
    rpc_add_trailer(&call->rpc, DECISION_KEY, str_of(text));
}

/* In memory of its own: the call's has a limit. */
static void tell_explanation(struct call *call)
{
    struct snapshot *snapshot = call->served->snapshot;
    const struct explain_options options = { grants_of(call), UNMATCHED_MAX };
    struct explanation explanation;
    struct arena arena;
    json_t *json;

    arena_init(&arena, 0);
    explain(&explanation, &call->check, &options, snapshot->vocabulary, &arena);
    json = explain_json(&explanation, snapshot, &arena);
    rpc_add_trailer(&call->rpc, EXPLAIN_KEY,
                    explain_json_line(json, EXPLAIN_BYTES_MAX, &arena));
    json_decref(json);
    arena_fini(&arena);
}

void why_tell(struct call *call)
{
    const struct snapshot *snapshot = call->served->snapshot;
    bool is_explained = snapshot->server.explain &&
                        str_eq(rpc_header(&call->rpc, EXPLAIN_KEY), STR("1"));
    struct denial_facts facts;

    if (call->endpoint->service->door == DOOR_NONE ||
        (!is_explained && snapshot->log.denial_percent == 0))
        return;
    if (find_refusal(call, &facts)) {
        facts.decision = denial_log_id(&call->endpoint->worker->denials);
        if (log_refusal(call, &facts) || is_explained)
            tell_decision(call, facts.decision);
    }
    if (is_explained)
        tell_explanation(call);
}
