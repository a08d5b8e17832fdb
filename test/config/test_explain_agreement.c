/*
 * For rules put together at random, what is said of a decision is what was
 * decided, and the same with and without an index.
 */
#include "test/config/decided.h"
#include "test/support/explained.h"
#include "test/support/table.h"

#include "config/explain_json.h"
#include "policy/check/explain.h"
#include "policy/rule/scope.h"

static const char *const bodies[] = {
    "deny = { message = 'no'; };",
    "deny = { }; mode = 'shadow';",
    "deny = { }; namespace = 'shop';",
    "allow = true; namespace = 'bank';",
    "deny = { }; enforce_percent = 50; enforce_by = 'source.user';",
    "deny = { }; enforce_percent = 50; enforce_by = \"source.user | ''\";",
    "deny = { }; active = { to = '2026-01-01T00:00:00Z'; };",
    "deny = { }; active = { from = '2026-01-01T00:00:00Z'; };",
    "allow = true;",
    "list = { name = 'office'; value = 'source.user'; };",
    "quota = 'calls'; list = { name = 'banned'; value = 'source.user'; };",
    "list = { name = 'banned'; value = 'source.user'; }; deny = { };",
    "list = { name = 'remote'; value = 'source.user'; };",
    "allow = true; list = { name = 'banned'; value = 'source.user'; };",
    "allow = true; mode = 'shadow';",
    "valid_for = '3s';",
    "quota = 'calls';",
    "quota = [ 'calls', 'slots' ]; deny = { http_status = 429; };",
    "quota = ( { name = 'calls'; amount = 'request.size'; } );",
    "quota = ( { name = 'slots'; amount = 2; } ); mode = 'shadow';",
    "request_headers = ( { name = 'x'; value = 'source.user'; } );",
};

static const char *const matches[] = {
    "",
    "match = \"request.path | '' == '/x'\";",
    "match = \"request.path == '/x'\";",
    "match = \"request.size > 1 && request.path == '/x'\";",
    "match = \"request.size | 0 > 1 || source.user == 'ann'\";",
    "match = \"(request.path | '').startsWith('/') && request.size | 0 < 9\";",
    "match = \"request.size > 1 && source.user | '' == 'bob'\";",
    "match = \"source.user != 'ann' && (request.path == '/y' && true)\";",
};

static const char *const errors[] = {
    "",
    "on_error = 'deny';",
    "on_error = 'allow';",
};

static const char *const requests[] = {
    "{}",
    "{ \"request.path\": \"/x\" }",
    "{ \"request.path\": \"/y\", \"request.size\": 0 }",
    "{ \"attributes\": { \"request.path\": \"/x\", \"request.size\": 2,"
    " \"source.user\": \"ann\", \"destination.namespace\": \"bank\" },"
    " \"time\": \"2026-06-01T00:00:00Z\" }",
    "{ \"attributes\": { \"source.user\": \"bob\", \"request.size\": 3,"
    " \"request.method\": \"OPTIONS\" }, \"quotas\": { \"slots\": 1 } }",
    "{ \"attributes\": { \"request.size\": 9,"
    " \"destination.namespace\": \"shop\" },"
    " \"quotas\": { \"slots\": 1, \"none\": 1, \"calls\": 2 } }",
};

/* A small generator of our own: a failure comes again with every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

#define PICK(table, seed) (table)[next_random(seed) % ROWS(table)]

static struct snapshot *random_rules(uint32_t *seed)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    uint32_t count = 1 + next_random(seed) % 6;
    struct snapshot *snapshot;

    fputs(QUOTAS LISTS "rules = ( ", out);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s { name = 'r%u'; %s %s %s }", i > 0 ? "," : "", i,
                PICK(bodies, seed), PICK(matches, seed), PICK(errors, seed));
    fputs(" );", out);
    fclose(out);
    snapshot = load_row(text);
    if (!snapshot)
        row_fail(text, "is not sound");
    free(text);
    return snapshot;
}

/* Each quota is granted, or refused, by chance. */
static void finish(struct check *check, struct quota_grant *grants,
                   uint32_t *seed)
{
    for (uint32_t i = 0; i < check->request_count; i++)
        grants[i] = (struct quota_grant){
            .granted = check->requests[i].amount,
            .retry_after_ns = -1,
            .is_refused = next_random(seed) % 2 == 0,
        };
    check_finish(check, grants);
}

/* All of it, but what was recorded: an index reads more. */
static char *text_of(struct decided *decided, struct snapshot *snapshot)
{
    const struct explain_options options = { NULL, UINT32_MAX };
    struct explanation explanation;
    json_t *json;
    char *text;

    explain(&explanation, &decided->check, &options, snapshot->vocabulary,
            &decided->arena);
    json = explain_json(&explanation, snapshot, &decided->arena);
    json_object_del(json, "referenced");
    text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    return text;
}

/* 1 if the index read other attributes than the rules would have, else 0. */
static uint32_t explained_alike(struct snapshot *snapshot, const char *request)
{
    struct ruleset indexed = snapshot->ruleset, *ruleset = &snapshot->ruleset;
    struct decided with, without;
    uint32_t reads_other;
    char *text_with, *text_without;

    decide(&with, snapshot, request);
    text_with = text_of(&with, snapshot);
    scopes_build(ruleset, false, snapshot->vocabulary, &snapshot->arena);
    decide(&without, snapshot, request);
    text_without = text_of(&without, snapshot);
    row_equal_str(request, str_of(text_with), str_of(text_without));
    reads_other = with.check.refs.count != without.check.refs.count;
    *ruleset = indexed;
    free(text_with);
    free(text_without);
    decided_fini(&with);
    decided_fini(&without);
    return reads_other;
}

static void test_index(void **state)
{
    uint32_t seed = 5, differing = 0;

    (void)state;
    for (int n = 0; n < 1000; n++) {
        struct snapshot *snapshot = random_rules(&seed);

        for (size_t i = 0; i < ROWS(requests); i++)
            differing += explained_alike(snapshot, requests[i]);
        snapshot_free(snapshot);
    }
    row_true("the index was at work", differing > 500);
}

static void test_agreement(void **state)
{
    struct quota_grant grants[QUOTAS_PER_CHECK_MAX];
    uint32_t seed = 4, asked = 0;

    (void)state;
    for (int n = 0; n < 1000; n++) {
        struct snapshot *snapshot = random_rules(&seed);

        for (size_t i = 0; i < ROWS(requests); i++) {
            struct decided decided;

            decide(&decided, snapshot, requests[i]);
            explained_agrees(&decided.check, NULL, snapshot);
            if (decided.state == CHECK_ASKS) {
                finish(&decided.check, grants, &seed);
                explained_agrees(&decided.check, grants, snapshot);
                asked++;
            }
            decided_fini(&decided);
        }
        snapshot_free(snapshot);
    }
    assert_true(asked > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
