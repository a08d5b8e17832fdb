/*
 * What is said of a request: a configuration, the request, and the text.
 */
#include "test/config/decided.h"
#include "test/config/run_command.h"
#include "test/support/explained.h"
#include "test/support/table.h"

#include "config/explain_command.h"
#include "config/explain_json.h"
#include "config/explain_text.h"
#include "policy/base/clock.h"

/* ---- as text ----------------------------------------------------------- */

static const struct {
    const char *why, *conf, *request;
    bool is_refused; /* by all quotas; else they are not asked yet */
    const char *want;
} rows[] = {
    { .why = "matched, did not, and why",
      .conf = "rules = ( { name = 'a'; deny = { message = 'no'; };"
              " match = \"request.path | '' == '/x' && request.size | 0 > 9\"; "
              "}, { name = 'b'; deny = { http_status = 451; };"
              " match = \"request.size | 0 < 5 || request.method | '' == 'A'\";"
              " } );",
      .request = "{ \"request.path\": \"/x\", \"request.size\": 4 }",
      .want = "refused: PERMISSION_DENIED: b:\n"
              "  HTTP status 451\n"
              "  valid for 5s and 1000 uses\n\n"
              "rule a: did not match\n"
              "  false: request.size | 0 > 9\n"
              "         request.size | 0 is \"4\"\n"
              "  read: request.path \"/x\", request.size \"4\"\n"
              "rule b: denied\n"
              "  read: request.size \"4\"\n" },
    { .why = "could not be evaluated",
      .conf = "rules = ( { name = 'a'; on_error = 'deny'; deny = { };"
              " match = \"true && request.path == '/x'\"; } );",
      .request = "{}",
      .want = "refused: PERMISSION_DENIED: a:the rule cannot be evaluated\n"
              "  valid for 5s and 1000 uses\n\n"
              "rule a: cannot be evaluated, on_error = deny\n"
              "  attribute is absent: request.path, in true && request.path == "
              "'/x'\n"
              "  read: request.path absent\n" },
    { .why = "an index left it out: what decides is told, not what is absent",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " match = \"request.size > 1 && request.path == '/x'\"; },"
              " { name = 'b'; deny = { };"
              " match = \"(source.user | '' != '' && request.size > 1) &&"
              " (source.user == 'bob' && request.path == '/y')\"; },"
              " { name = 'c'; deny = { };"
              " match = \"request.size > 1 && request.path == '/y'\"; },"
              " { name = 'd'; deny = { };"
              " match = \"request.size > 1 && request.path != '/y'\"; } );",
      .request = "{ \"request.path\": \"/y\", \"source.user\": \"ann\" }",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: did not match\n"
              "  false: request.path == '/x'\n"
              "         request.path is \"/y\"\n"
              "  read: request.size absent\n"
              "rule b: did not match\n"
              "  false: source.user == 'bob'\n"
              "         source.user is \"ann\"\n"
              "  read: source.user \"ann\", request.size absent\n"
              "rule c: cannot be evaluated, on_error = skip\n"
              "  attribute is absent: request.size, in request.size > 1 && "
              "request.path == '/y'\n"
              "  read: request.size absent\n"
              "rule d: cannot be evaluated, on_error = skip\n"
              "  attribute is absent: request.size, in request.size > 1 && "
              "request.path != '/y'\n"
              "  read: request.size absent\n" },
    { .why = "an earlier rule ended it",
      .conf = "rules = ( { name = 'a'; allow = true; },"
              " { name = 'b'; deny = { }; },"
              " { name = 'c'; deny = { }; match = 'false'; } );",
      .request = "{}",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: passed\n"
              "rule b: not asked\n"
              "rule c: did not match\n"
              "  false: false\n" },
    { .why = "in shadow, and not active",
      .conf = "rules = ( { name = 'a'; deny = { }; mode = 'shadow'; },"
              " { name = 'b'; deny = { };"
              "   active = { from = '2026-12-01T00:00:00Z'; }; } );",
      .request = "{ \"time\": \"2026-11-30T23:59:59Z\" }",
      .want = "allowed\n"
              "  valid for 1s and 10000 uses\n\n"
              "rule a: would have denied, in shadow\n"
              "rule b: not active\n" },
    { .why = "lists",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.ip'; }; },"
                    " { name = 'b'; list = { name = 'office';"
                    " value = 'source.user'; }; },"
                    " { name = 'c'; list = { name = 'remote';"
                    " value = 'source.user'; }; },"
                    " { name = 'd'; list = { name = 'banned';"
                    " otherwise = 'pass'; value = 'source.name'; }; } );",
      .request = "{ \"source.ip\": \"11.0.0.1\", \"source.user\": \"bob\" }",
      .want = "refused: PERMISSION_DENIED: a:not in the list office\n"
              "  valid for 5s and 1000 uses\n\n"
              "rule a: denied\n"
              "  list office: \"11.0.0.1\", not in it\n"
              "rule b: cannot be evaluated, on_error = skip\n"
              "  list office: \"bob\", is no address\n"
              "rule c: cannot be evaluated, on_error = skip\n"
              "  list remote: \"bob\", it cannot be had\n"
              "rule d: cannot be evaluated, on_error = skip\n"
              "  attribute is absent: source.name, in source.name\n" },
    { .why = "for requests of a namespace",
      .conf = "rules = ( { name = 'a'; deny = { }; namespace = 'shop'; },"
              " { name = 'b'; deny = { }; namespace = 'bank'; } );",
      .request = "{ \"destination.namespace\": \"bank\" }",
      .want = "refused: PERMISSION_DENIED: b:\n"
              "  valid for 5s and 1000 uses\n\n"
              "rule a: for another namespace\n"
              "rule b: denied\n" },
    { .why = "headers",
      .conf = "rules = ( { name = 'a'; request_headers = ("
              " { name = 'x-path'; value = 'request.path'; } );"
              " response_headers = ("
              " { name = 'server'; operation = 'REMOVE'; } ); } );",
      .request = "{ \"request.path\": \"/x\" }",
      .want = "allowed\n"
              "  request header: replace x-path /x\n"
              "  response header: remove server\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: passed\n" },
    { .why = "what a rule would charge",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = ( 'slots',"
                     " { name = 'calls'; amount = 'request.size'; } ); },"
                     " { name = 'b'; quota = 'calls'; } );",
      .request = "{ \"source.user\": \"ann\", \"request.size\": 3 }",
      .want =
          "allowed if the quotas grant it\n"
          "  valid for 0 and 0 uses\n\n"
          "rule a: passed\n"
          "  quota slots: asked, amount 1, key \"user=ann\", limit 2 at the "
          "same time, lease 1m (override 1)\n"
          "  quota calls: asked, amount 3, limit 9 per 1s, burst 9\n"
          "rule b: passed\n"
          "  quota calls: already asked, amount 3, limit 9 per 1s, burst "
          "9\n" },
    { .why = "windows, and no limit at all",
      .conf = "quotas = ("
              " { name = 'w'; rate = { algorithm = 'fixed_window';"
              "   amount = 9; per = '1m'; }; },"
              " { name = 'c'; rate = { algorithm = 'fixed_window';"
              "   amount = 9; per = 'week'; align = true; }; },"
              " { name = 'r'; rate = { algorithm = 'rolling_window';"
              "   amount = 9; per = '1h'; }; },"
              " { name = 'u'; rate = { amount = 9; };"
              "   dimensions = { user = 'source.user'; };"
              "   overrides = ( { when = { user = 'ann'; };"
              "   unlimited = true; } ); },"
              " { name = 'o'; unlimited = true; } );"
              "rules = ( { name = 'a';"
              " quota = [ 'w', 'c', 'r', 'u', 'o' ]; } );",
      .request = "{ \"source.user\": \"ann\" }",
      .want = "allowed if the quotas grant it\n"
              "  valid for 0 and 0 uses\n\n"
              "rule a: passed\n"
              "  quota w: asked, amount 1, limit 9 in each 1m\n"
              "  quota c: asked, amount 1, limit 9 in each calendar week\n"
              "  quota r: asked, amount 1, limit 9 in any 1h\n"
              "  quota u: unlimited, key \"user=ann\" (override 1)\n"
              "  quota o: unlimited\n" },
    { .why = "unlimited for whom the caller asks",
      .conf = "quotas = ( { name = 'u'; unlimited = true;"
              " rate = { amount = 9; };"
              " dimensions = { user = 'source.user'; };"
              " overrides = ( { when = { user = 'ann'; }; amount = 2; } );"
              " } );",
      .request = "{ \"attributes\": { \"source.user\": \"bob\" },"
                 " \"quotas\": { \"u\": 4 } }",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "asked for: quota u: unlimited, key \"user=bob\"\n" },
    { .why = "and limited for whom an override is written",
      .conf = "quotas = ( { name = 'u'; unlimited = true;"
              " rate = { amount = 9; };"
              " dimensions = { user = 'source.user'; };"
              " overrides = ( { when = { user = 'ann'; }; amount = 2; } );"
              " } );",
      .request = "{ \"attributes\": { \"source.user\": \"ann\" },"
                 " \"quotas\": { \"u\": 4 } }",
      .is_refused = true,
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "asked for: quota u: asked, amount 4, key \"user=ann\", limit 2 "
              "per 1s, burst 2 (override 1), refused, remaining 0\n" },
    { .why = "refused by a quota",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = 'calls'; } );",
      .request = "{}",
      .is_refused = true,
      .want = "refused: RESOURCE_EXHAUSTED: a:quota calls is exhausted\n"
              "  response header: replace retry-after 2\n"
              "  retry after 2s\n"
              "  valid for 0 and 0 uses\n\n"
              "rule a: denied\n"
              "  quota calls: asked, amount 1, limit 9 per 1s, burst 9, "
              "refused, remaining 0\n" },
    { .why = "quotas are not asked where a rule denies",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = 'calls'; },"
                     " { name = 'b'; deny = { }; } );",
      .request = "{ \"quotas\": { \"calls\": 2 } }",
      .want = "refused: PERMISSION_DENIED: b:\n"
              "  valid for 5s and 1000 uses\n\n"
              "rule a: passed\n"
              "  quota calls: already asked, amount 1, limit 9 per 1s, burst "
              "9\n"
              "rule b: denied\n"
              "asked for: quota calls: not asked, amount 2, limit 9 per 1s, "
              "burst 9\n" },
    { .why = "quotas that the caller names",
      .conf = QUOTAS,
      .request = "{ \"attributes\": { \"request.method\": \"OPTIONS\" },"
                 " \"quotas\": { \"calls\": 1, \"SLOTS\": 2, \"none\": 3 } }",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "asked for: quota calls: exempt\n"
              "  false: request.method | 'GET' != 'OPTIONS'\n"
              "         request.method | 'GET' is \"OPTIONS\"\n"
              "asked for: quota slots: cannot be asked\n"
              "  attribute is absent: source.user, in source.user\n"
              "asked for: quota none: not configured, amount 3\n" },
    { .why = "a quota of a rule that cannot be asked",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = ("
                     " { name = 'calls'; amount = 'request.size'; } ); } );",
      .request = "{ \"request.size\": 0 }",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: cannot be evaluated, on_error = skip\n"
              "  quota calls: cannot be asked\n"
              "    the amount is below 1, in request.size\n" },
    { .why = "a percentage that cannot be evaluated",
      .conf = "rules = ( { name = 'a'; deny = { }; enforce_percent = 50;"
              " enforce_by = 'source.user'; } );",
      .request = "{}",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: cannot be evaluated, on_error = skip\n"
              "  attribute is absent: source.user, in source.user\n" },
    { .why = "what a caller sends cannot look like ours",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " match = \"request.path | '' == ''\"; } );",
      .request = "{ \"request.path\": \"x\\nrule b: \\u001b[1m\\\"\" }",
      .want = "allowed\n"
              "  valid for 1m and 10000 uses\n\n"
              "rule a: did not match\n"
              "  false: request.path | '' == ''\n"
              "         request.path | '' is \"x\\nrule b: "
              "\\u001B[1m\\\"\"\n"
              "  read: request.path \"x\\nrule b: \\u001B[1m\\\"\"\n" },
};

static char *text_of(struct decided *decided, const struct quota_grant *grants)
{
    const struct explain_options options = { grants, UINT32_MAX };
    struct explanation explanation;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    json_t *json;

    explain(&explanation, &decided->check, &options,
            decided->snapshot->vocabulary, &decided->arena);
    json = explain_json(&explanation, decided->snapshot, &decided->arena);
    explain_text_print(out, json);
    json_decref(json);
    fclose(out);
    return text;
}

static void test_texts(void **state)
{
    struct quota_grant refused[QUOTAS_PER_CHECK_MAX];

    (void)state;
    for (size_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++)
        refused[i] = (struct quota_grant){ .is_refused = true,
                                           .retry_after_ns = 2 * SECOND };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct snapshot *snapshot = load_row(rows[i].conf);
        const struct quota_grant *grants = NULL;
        struct decided decided;
        char *text;

        row_true(rows[i].why, snapshot != NULL);
        decide(&decided, snapshot, rows[i].request);
        if (rows[i].is_refused) {
            grants = refused;
            check_finish(&decided.check, grants);
        }
        text = text_of(&decided, grants);
        row_equal_str(rows[i].why, str_of(text), str_of(rows[i].want));
        explained_agrees(&decided.check, grants, snapshot);
        free(text);
        decided_fini(&decided);
        snapshot_free(snapshot);
    }
}

/* ---- one line ---------------------------------------------------------- */

#define RULES_MANY 50

static struct snapshot *load_many(const char *body)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct snapshot *snapshot;

    fputs("rules = ( { name = \"r\"; deny = { message = \"no\"; }; }", out);
    for (int i = 0; i < RULES_MANY; i++)
        fprintf(out, ", { name = \"r%d\"; %s }", i, body);
    fputs(" );", out);
    fclose(out);
    snapshot = try_text((struct str){ text, len });
    assert_non_null(snapshot);
    free(text);
    return snapshot;
}

static void test_line(void **state)
{
    static const struct {
        const char *why, *body;
        size_t max_bytes, rules;
        long long unexplained;
        bool has_message;
    } lines[] = {
        { "all of it", "deny = { }; match = \"false\";", 65536, RULES_MANY + 1,
          0, true },
        { "without rules that took no part", "deny = { }; match = \"false\";",
          600, 1, RULES_MANY, true },
        { "without rules", "deny = { };", 600, 0, RULES_MANY + 1, true },
        { "only the code", "deny = { };", 256, 0, RULES_MANY + 1, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(lines); i++) {
        const struct explain_options options = { NULL, UINT32_MAX };
        struct snapshot *snapshot = load_many(lines[i].body);
        struct explanation explanation;
        struct decided decided;
        struct str line;
        json_t *json;

        decide(&decided, snapshot, "{}");
        explain(&explanation, &decided.check, &options, snapshot->vocabulary,
                &decided.arena);
        json = explain_json(&explanation, snapshot, &decided.arena);
        line = explain_json_line(json, lines[i].max_bytes, &decided.arena);
        json_decref(json);
        row_true(lines[i].why, line.len <= lines[i].max_bytes);
        json = json_loadb(line.data, line.len, 0, NULL);
        row_equal_i64(lines[i].why,
                      json_array_size(json_object_get(json, "rules")),
                      lines[i].rules);
        row_equal_i64(
            lines[i].why,
            json_integer_value(json_object_get(json, "unexplained_rules")),
            lines[i].unexplained);
        row_equal_i64(lines[i].why, json_object_get(json, "message") != NULL,
                      lines[i].has_message);
        json_decref(json);
        decided_fini(&decided);
        snapshot_free(snapshot);
    }
}

static void test_line_is_ascii(void **state)
{
    struct arena arena = { 0 };
    json_t *json = json_pack("{s:s}", "code", "\x7f\xc3\xa4\n");

    (void)state;
    row_equal_str("", explain_json_line(json, 256, &arena),
                  STR("{\"code\":\"?\\u00E4\\n\"}"));
    json_decref(json);
    arena_fini(&arena);
}

/* Rules that took no part are explained up to a number, others always. */
static void test_unmatched_max(void **state)
{
    const struct explain_options options = { NULL, 7 };
    struct snapshot *snapshot =
        load_many("deny = { }; match = \"request.path | '' == 'x'\";");
    struct explanation explanation;
    struct decided decided;

    (void)state;
    decide(&decided, snapshot, "{}");
    explain(&explanation, &decided.check, &options, snapshot->vocabulary,
            &decided.arena);
    assert_int_equal(explanation.rule_count, 8);
    assert_int_equal(explanation.unexplained_count, RULES_MANY - 7);
    decided_fini(&decided);
    snapshot_free(snapshot);
}

/* ---- the command ------------------------------------------------------- */

#define DEFAULT TEST_DATA "/../../config/sluice.conf"

static const struct {
    const char *why;
    const char *arguments[ARGUMENTS_MAX + 1];
    const char *input;
    int status;
    const char *output; /* a part of it */
} commands[] = {
    { "allowed", { DEFAULT, "{}" }, NULL, 0, "rule limits: did not match\n" },
    { "refused",
      { DEFAULT, "{\"request.headers\": {\"x-version\": \"blue\"}}" },
      NULL,
      1,
      "rule no-blue: denied\n" },
    { "for programs",
      { "--json", DEFAULT, "{}" },
      NULL,
      0,
      "\"code\": \"OK\"" },
    { "from standard input",
      { DEFAULT, "-" },
      "{\"request.auth.principal\": \"ann\"}",
      0,
      "key \"user=ann\"" },
    { "a misspelt attribute",
      { DEFAULT, "{\"request.pth\": \"x\"}" },
      NULL,
      2,
      "sluice explain: unknown attribute request.pth, did you mean "
      "request.path\n" },
    { "a bad time",
      { DEFAULT, "{\"time\": \"noon\"}" },
      NULL,
      2,
      "sluice explain: the time must be a string" },
    { "a time beyond what counts",
      { DEFAULT, "{\"time\": \"9999-01-01T00:00:00Z\"}" },
      NULL,
      2,
      "sluice explain: the time must be a string" },
    { "a bad amount",
      { DEFAULT, "{\"quotas\": {\"per-user\": \"1\"}}" },
      NULL,
      2,
      "the amount of the quota per-user is no whole number\n" },
    { "too many quotas",
      { DEFAULT, "{\"quotas\": {\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,"
                 "\"6\":1,\"7\":1,\"8\":1,\"9\":1}}" },
      NULL,
      2,
      "a request names 8 quotas at most\n" },
    { "something beside",
      { DEFAULT, "{\"attributes\": {}, \"qotas\": {}}" },
      NULL,
      2,
      "a request has \"attributes\", \"quotas\" and \"time\"" },
    { "no such file",
      { "/nowhere/x.conf", "{}" },
      NULL,
      2,
      "cannot read `/nowhere/x.conf`" },
    { "an unsound file",
      { TEST_DATA "/config/choice.conf", "{}" },
      NULL,
      2,
      "choice.conf:1:" },
    { "no request", { DEFAULT }, NULL, 2, "usage: " },
    { "help", { "--help" }, NULL, 0, "usage: " },
};

static void test_command(void **state)
{
    char output[16 * 1024];

    (void)state;
    for (size_t i = 0; i < ROWS(commands); i++) {
        row_equal_i64(commands[i].why,
                      run_command(command_explain, commands[i].arguments,
                                  commands[i].input, output, sizeof(output)),
                      commands[i].status);
        if (!strstr(output, commands[i].output))
            row_fail(commands[i].why, "not in the output: %s\n%s",
                     commands[i].output, output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_line_is_ascii),
        cmocka_unit_test(test_unmatched_max),
        cmocka_unit_test(test_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
