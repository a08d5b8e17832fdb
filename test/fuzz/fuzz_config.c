/*
 * Any text as a configuration: it is refused or loaded, and what is loaded
 * keeps the ranges that quota/limit.h and policy/rule/rule.h promise. Where our
 * scanner finds nothing wrong, libconfig must find a tree of the same form:
 * reading asserts that.
 */
#include "config/bundle.h"
#include "config/snapshot.h"
#include "policy/check/check.h"
#include "policy/expr/code.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_limit(const struct limit *limit)
{
    assert(limit->amount >= 0 && limit->amount <= LIMIT_AMOUNT_MAX);
    assert(limit->dedup_ns >= 0);
    if (limit->algorithm == LIMIT_CONCURRENCY) {
        assert(limit->lease_ns >= LIMIT_PERIOD_MIN_NS);
        assert(limit->lease_ns <= LIMIT_PERIOD_MAX_NS);
    } else {
        assert(limit->period_ns >= LIMIT_PERIOD_MIN_NS);
        assert(limit->period_ns <= LIMIT_PERIOD_MAX_NS);
        assert(limit->burst >= 1 && limit->burst <= LIMIT_AMOUNT_MAX);
    }
}

static void check_quota(const struct quota_spec *spec,
                        const struct quota_limits *limits)
{
    assert(spec->name.len >= 1 && spec->name.len <= 64);
    assert(str_eq(spec->name, limits->name));
    assert(limits->limit_count == spec->override_count + 1);
    assert(!spec->match || code_type(spec->match) == VALUE_BOOL);
    for (uint32_t i = 0; i < limits->limit_count; i++)
        check_limit(&limits->limits[i]);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        assert(spec->dimensions[i].code);
}

static void check_rule(const struct rule *rule, uint32_t quota_count)
{
    assert(rule->name.len >= 1 && rule->name.len <= 64);
    assert(rule->quota_count <= 8);
    assert(!rule->deny || rule->deny->code != STATUS_OK);
    assert(rule->enforcement.percent <= 100);
    for (uint32_t i = 0; i < rule->quota_count; i++)
        assert(rule->quotas[i].quota < quota_count);
}

static void check_snapshot(const struct snapshot *snapshot)
{
    const struct ruleset *ruleset = &snapshot->ruleset;

    assert(snapshot->server.listen.count >= 1);
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        check_quota(&ruleset->quotas[i], &snapshot->limits[i]);
    for (uint32_t i = 0; i < ruleset->rule_count; i++)
        check_rule(&ruleset->rules[i], ruleset->quota_count);
}

/* Whatever was loaded decides, here for a request that says nothing. */
static void decide(const struct snapshot *snapshot)
{
    static struct check check;
    struct arena arena;
    struct bag bag;
    struct check_input input = { .bag = &bag };

    arena_init(&arena, 1 << 20);
    if (bag_init(&bag, snapshot->vocabulary, &arena)) {
        enum check_state state = check_run(&check, &snapshot->ruleset, &input);

        assert((state == CHECK_DENIED) == (check.code != STATUS_OK));
        assert(check.valid_for_ns >= 0 && check.valid_uses >= 0);
        assert(check.request_count <= QUOTAS_PER_CHECK_MAX);
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    static FILE *nowhere;
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    diags_init(&diags);
    bundle_from_text(&bundle, STR("fuzz.conf"), text);
    snapshot = snapshot_load(&bundle, &diags);
    assert((snapshot == NULL) == (diags.error_count > 0));
    for (const struct diag *diag = diags.first; diag; diag = diag->next)
        assert(diag->place.line >= 1 && diag->place.column >= 1);
    diags_print(&diags, nowhere, false);
    if (snapshot) {
        check_snapshot(snapshot);
        decide(snapshot);
    }
    snapshot_free(snapshot);
    diags_fini(&diags);
    return 0;
}
