/* Which key an operator means. */
#include "proto/server/admin/quota_subject.h"

#include "test/config/load_text.h"

static const char config[] =
    "server = { listen = [ \"127.0.0.1:0\" ]; };\n"
    "quotas = (\n"
    "  { name = \"in-flight\";\n"
    "    dimensions = { service = \"destination.service.host | ''\"; };\n"
    "    concurrency = { max = 100; lease = \"60s\"; };\n"
    "    overrides = ( { when = { service = \"reviews\"; }; max = 20; } ); },\n"
    "  { name = \"Per-User\";\n"
    "    dimensions = { user = \"source.user | ''\";\n"
    "                   tier = \"source.namespace | ''\"; };\n"
    "    rate = { algorithm = \"token_bucket\"; amount = 5; per = \"1s\";\n"
    "             burst = 10; }; },\n"
    "  { name = \"all\"; concurrency = { max = 7; lease = \"60s\"; }; }\n"
    ");\n";

static struct snapshot *snapshot;

static int load(void **state)
{
    (void)state;
    snapshot = try_text(str_of(config));
    return snapshot ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    snapshot_free(snapshot);
    return 0;
}

static void test_keys(void **state)
{
    static const struct {
        const char *why, *question, *quota, *text;
        int64_t amount;
    } rows[] = {
        { "one dimension",
          "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":\"ratings\"}}",
          "in-flight", "service=ratings", 100 },
        { "an override",
          "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":\"reviews\"}}",
          "in-flight", "service=reviews", 20 },
        { "names without case",
          "{\"quota\":\"IN-FLIGHT\",\"dimensions\":{\"Service\":\"reviews\"}}",
          "in-flight", "service=reviews", 20 },
        { "values with case",
          "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":\"Reviews\"}}",
          "in-flight", "service=Reviews", 100 },
        { "an empty value",
          "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":\"\"}}",
          "in-flight", "service=", 100 },
        { "several dimensions, in any order",
          "{\"dimensions\":{\"user\":\"ann\",\"tier\":\"a,b=\"},"
          "\"quota\":\"per-user\"}",
          "Per-User", NULL, 5 },
        { "no dimension", "{\"quota\":\"all\"}", "all", "", 7 },
        { "none of none", "{\"quota\":\"all\",\"dimensions\":{}}", "all", "",
          7 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        json_t *question = json_loads(rows[i].question, 0, NULL);
        struct quota_subject subject;
        struct arena arena;
        struct str why;

        arena_init(&arena, 0);
        row_true(rows[i].why, question);
        row_true(rows[i].why, quota_subject_find(&subject, snapshot, question,
                                                 &arena, &why));
        row_equal_str(rows[i].why, subject.quota, str_of(rows[i].quota));
        row_equal_i64(rows[i].why, subject.limit->amount, rows[i].amount);
        if (rows[i].text)
            row_equal_str(rows[i].why, subject.key.text, str_of(rows[i].text));
        arena_fini(&arena);
        json_decref(question);
    }
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *question, *why;
    } rows[] = {
        { "{}", "\"quota\" must be the name of a quota" },
        { "{\"quota\":7}", "\"quota\" must be the name of a quota" },
        { "{\"quota\":\"\"}", "there is no quota \"\"" },
        { "{\"quota\":\"in-fligth\"}",
          "there is no quota \"in-fligth\"; did you mean \"in-flight\"?" },
        { "{\"quota\":\"something-else\"}",
          "there is no quota \"something-else\"" },
        { "{\"quota\":\"in-flight\"}",
          "the quota in-flight needs a value for: service" },
        { "{\"quota\":\"in-flight\",\"dimensions\":[]}",
          "\"dimensions\" must be an object of names and values" },
        { "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":7}}",
          "the value of the dimension \"service\" must be a text" },
        { "{\"quota\":\"in-flight\",\"dimensions\":{\"services\":\"a\"}}",
          "the quota in-flight has no dimension \"services\"; did you mean "
          "\"service\"?" },
        { "{\"quota\":\"all\",\"dimensions\":{\"service\":\"a\"}}",
          "the quota all has no dimension \"service\"" },
        { "{\"quota\":\"in-flight\",\"dimensions\":{\"service\":\"a\","
          "\"SERVICE\":\"b\"}}",
          "the dimension \"service\" has two values" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        json_t *question = json_loads(rows[i].question, 0, NULL);
        struct quota_subject subject;
        struct arena arena;
        struct str why;

        arena_init(&arena, 0);
        row_true(rows[i].why, question);
        row_true(rows[i].why, !quota_subject_find(&subject, snapshot, question,
                                                  &arena, &why));
        row_equal_str(rows[i].question, why, str_of(rows[i].why));
        arena_fini(&arena);
        json_decref(question);
    }
}

static void test_all_missing_dimensions_are_named(void **state)
{
    json_t *question = json_loads("{\"quota\":\"per-user\"}", 0, NULL);
    struct quota_subject subject;
    struct arena arena;
    struct str why;

    (void)state;
    arena_init(&arena, 0);
    assert_false(
        quota_subject_find(&subject, snapshot, question, &arena, &why));
    assert_non_null(strstr(why.data, "user"));
    assert_non_null(strstr(why.data, "tier"));
    arena_fini(&arena);
    json_decref(question);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_all_missing_dimensions_are_named),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
