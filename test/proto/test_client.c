/* The words of `sluice check` and what it prints. With a server it is tested
 * end to end. */
#include "test/support/table.h"

#include "policy/base/arena.h"
#include "policy/base/clock.h"
#include "proto/client/check_options.h"
#include "proto/client/check_output.h"
#include "proto/client/client.h"

#include <stdlib.h>

#define WORDS_MAX 24

struct fixture {
    struct vocabulary *vocabulary;
    struct arena arena;
    struct check_options options;
    struct str why;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture.vocabulary = vocabulary_new();
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_fini(&fixture->arena);
    vocabulary_free(fixture->vocabulary);
    return 0;
}

/* ---- options ----------------------------------------------------------- */

/* As `sluice check WORDS`, split at spaces. */
static bool parse(struct fixture *fixture, const char *words)
{
    char *argv[WORDS_MAX + 2] = { NULL };
    struct str all = arena_printf(&fixture->arena, "check %s", words);
    char *copy = arena_alloc(&fixture->arena, all.len + 1);
    char *rest = copy;
    int argc = 0;

    memcpy(copy, all.data, all.len + 1);
    while (argc < WORDS_MAX && (argv[argc] = strtok_r(rest, " ", &rest)))
        argc++;
    return check_options_parse(&fixture->options, argc, argv,
                               fixture->vocabulary, &fixture->arena,
                               &fixture->why);
}

static void test_defaults(void **state)
{
    struct fixture *fixture = *state;
    const struct check_options *options = &fixture->options;

    assert_true(parse(fixture, ""));
    assert_string_equal(options->address, "127.0.0.1:9091");
    row_equal_i64("timeout", options->timeout_ns, SECOND);
    row_equal_i64("count", options->count, 1);
    row_equal_i64("quotas", options->request.ask_count, 0);
    row_equal_i64("attributes", options->attributes.count, 0);
    row_equal_str("no deduplication", options->request.deduplication_id,
                  STR(""));
    assert_false(options->as_json || options->wants_help);
}

static void test_all_options(void **state)
{
    struct fixture *fixture = *state;
    const struct check_options *options = &fixture->options;

    assert_true(parse(fixture, "-s unix:/run/sluice --attribute request.size=5 "
                               "-a source.ip=::1 -q one --quota two=-3 "
                               "--best-effort --dedup id --count 7 "
                               "--timeout 20ms --json"));
    assert_string_equal(options->address, "unix:/run/sluice");
    row_equal_i64("attributes", options->attributes.count, 2);
    row_equal_i64("quotas", options->request.ask_count, 2);
    row_equal_str("one", options->request.asks[0].name, STR("one"));
    row_equal_i64("its default", options->request.asks[0].amount, 1);
    row_equal_str("two", options->request.asks[1].name, STR("two"));
    row_equal_i64("two", options->request.asks[1].amount, -3);
    row_true("all of them", options->request.asks[0].is_best_effort &&
                                options->request.asks[1].is_best_effort);
    row_equal_str("dedup", options->request.deduplication_id, STR("id"));
    row_equal_i64("count", options->count, 7);
    row_equal_i64("timeout", options->timeout_ns, 20 * MILLISECOND);
    assert_true(options->as_json);
    assert_true(parse(fixture, "--help"));
    assert_true(options->wants_help);
    assert_true(parse(fixture, "--release a --release b"));
    row_equal_i64("handles", options->handle_count, 2);
    row_equal_str("in order", options->handles[1], STR("b"));
}

static const struct {
    const char *words;
    const char *why;
} mistakes[] = {
    { "-x", "there is no option -x" },
    { "--server", "the option --server needs a value" },
    { "-q", "the option -q needs a value" },
    { "--nonsense", "there is no option --nonsense" },
    { "word", "what is \"word\"?" },
    { "-s nowhere", "the address \"nowhere\" " },
    { "-a request.size=x", "the attribute \"request.size=x\": request.size is "
                           "INT64, a whole number, as 42" },
    { "-q a=", "the amount \"\" is no whole number" },
    { "-q a=1x", "the amount \"1x\" is no whole number" },
    { "-q a=9223372036854775808",
      "the amount \"9223372036854775808\" is no whole number" },
    { "-q =1", "a quota must be NAME or NAME=AMOUNT" },
    { "-q a -q a=2", "the quota a is named twice" },
    { "-q 1 -q 2 -q 3 -q 4 -q 5 -q 6 -q 7 -q 8 -q 9",
      "one check may name 8 quotas at most" },
    { "--count 0", "the count \"0\" is none of 1 .. 1000000" },
    { "--count many", "the count \"many\" is none of 1 .. 1000000" },
    { "--timeout 0", "the timeout must be more than 0" },
    { "--timeout 1", "the timeout \"1\" " },
    { "--release a -q b", "--release asks nothing: it goes without -a and -q" },
};

static void test_mistakes(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(mistakes); i++) {
        row_true(mistakes[i].words, !parse(fixture, mistakes[i].words));
        /* What others say of an address or a time is theirs to test. */
        row_true(mistakes[i].words,
                 str_starts_with(fixture->why, str_of(mistakes[i].why)));
    }
}

/* ---- output ------------------------------------------------------------ */

static const struct {
    const char *why;
    int64_t amount;
    enum status_code code;
    const char *message;
    struct mixer_quota_result quota;
    const char *lease;
    const char *printed;
    const char *json;
} outputs[] = {
    { "allowed",
      1,
      STATUS_OK,
      "",
      { STR_INIT("q"), 1, SECOND, STATUS_OK, STR_INIT("") },
      "handle",
      "allowed\n"
      "  valid for 1m and 9 uses\n"
      "  quota q: granted 1, valid for 1s\n"
      "  lease handle\n",
      "{\"code\":\"OK\",\"message\":\"\",\"valid_for\":\"1m\","
      "\"valid_uses\":9,\"quotas\":{\"q\":{\"granted\":1,"
      "\"valid_for\":\"1s\",\"code\":\"OK\",\"message\":\"\"}},"
      "\"lease\":\"handle\"}" },
    { "denied by a rule",
      1,
      STATUS_PERMISSION_DENIED,
      "blue:no",
      { STR_INIT("q"), 1, 0, STATUS_OK, STR_INIT("") },
      "",
      "refused: PERMISSION_DENIED: blue:no\n"
      "  valid for 1m and 9 uses\n"
      "  quota q: granted 1, valid for 0\n",
      "{\"code\":\"PERMISSION_DENIED\",\"message\":\"blue:no\","
      "\"valid_for\":\"1m\",\"valid_uses\":9,\"quotas\":{\"q\":{"
      "\"granted\":1,\"valid_for\":\"0\",\"code\":\"OK\",\"message\":\"\"}},"
      "\"lease\":null}" },
    { "refused by a quota",
      1,
      STATUS_OK,
      "",
      { STR_INIT("q"), 0, 0, STATUS_RESOURCE_EXHAUSTED, STR_INIT("full") },
      "",
      "refused: RESOURCE_EXHAUSTED: full\n"
      "  valid for 1m and 9 uses\n"
      "  quota q: refused\n",
      "{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"full\","
      "\"valid_for\":\"1m\",\"valid_uses\":9,\"quotas\":{\"q\":{"
      "\"granted\":0,\"valid_for\":\"0\",\"code\":\"RESOURCE_EXHAUSTED\","
      "\"message\":\"full\"}},\"lease\":null}" },
    { "refused by the amount alone",
      1,
      STATUS_OK,
      "",
      { STR_INIT("q"), 0, -SECOND, STATUS_OK, STR_INIT("") },
      "",
      "refused: RESOURCE_EXHAUSTED\n"
      "  valid for 1m and 9 uses\n"
      "  quota q: refused\n",
      "{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"\","
      "\"valid_for\":\"1m\",\"valid_uses\":9,\"quotas\":{\"q\":{"
      "\"granted\":0,\"valid_for\":\"0\",\"code\":\"OK\",\"message\":\"\"}},"
      "\"lease\":null}" },
    { "a look that finds nothing is none",
      0,
      STATUS_OK,
      "",
      { STR_INIT("q"), 0, SECOND, STATUS_OK, STR_INIT("") },
      "",
      "allowed\n"
      "  valid for 1m and 9 uses\n"
      "  quota q: granted 0, valid for 1s\n",
      "{\"code\":\"OK\",\"message\":\"\",\"valid_for\":\"1m\","
      "\"valid_uses\":9,\"quotas\":{\"q\":{\"granted\":0,"
      "\"valid_for\":\"1s\",\"code\":\"OK\",\"message\":\"\"}},"
      "\"lease\":null}" },
};

static struct client_answer answer_of(size_t row)
{
    return (struct client_answer){
        .response = {
            .code = outputs[row].code,
            .message = str_of(outputs[row].message),
            .valid_for_ns = MINUTE,
            .valid_uses = 9,
            .quotas = { outputs[row].quota },
            .quota_count = 1,
        },
        .lease = str_of(outputs[row].lease),
    };
}

static void test_output(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(outputs); i++) {
        struct client_answer answer = answer_of(i);
        struct mixer_request request = {
            .asks = { { STR("q"), outputs[i].amount, false } },
            .ask_count = 1,
        };
        char *printed = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&printed, &size);
        json_t *json;
        char *text;

        assert_non_null(out);
        check_output_print(out, &request, &answer, &fixture->arena);
        fclose(out);
        row_equal_str(outputs[i].why, str_of(printed),
                      str_of(outputs[i].printed));
        json = check_output_json(&request, &answer, &fixture->arena);
        text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
        row_equal_str(outputs[i].why, str_of(text), str_of(outputs[i].json));
        free(text);
        free(printed);
        json_decref(json);
    }
}

static void test_tally(void **state)
{
    struct check_tally tally = { .leases = json_array() };
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    json_t *json;
    char *text;

    (void)state;
    assert_non_null(out);
    tally.verdicts[STATUS_OK] = 100;
    tally.verdicts[STATUS_RESOURCE_EXHAUSTED] = 1;
    tally.failures[STATUS_UNAVAILABLE] = 2;
    json_array_append_new(tally.leases, json_string("a"));
    check_tally_print(out, &tally);
    fclose(out);
    row_equal_str("for people", str_of(printed),
                  STR("     100 OK\n"
                      "       1 RESOURCE_EXHAUSTED\n"
                      "       2 not answered: UNAVAILABLE\n"
                      "       1 with a lease\n"));
    json = check_tally_json(&tally);
    text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    row_equal_str("for programs", str_of(text),
                  STR("{\"verdicts\":{\"OK\":100,\"RESOURCE_EXHAUSTED\":1},"
                      "\"failures\":{\"UNAVAILABLE\":2},\"leases\":[\"a\"]}"));
    free(text);
    free(printed);
    json_decref(json);
    json_decref(tally.leases);
}

/* ---- nobody there ------------------------------------------------------ */

static void test_a_server_that_is_away(void **state)
{
    struct fixture *fixture = *state;
    const struct client_options where = {
        .address = "unix:/nonexistent/socket",
        .timeout_ns = MINUTE,
    };
    const struct client_question question = { .attribute_count = 0 };
    static const struct str handle = STR_INIT("handle");
    struct client_result result;
    struct client_answer answer;
    struct client *client;
    int64_t released;

    client_silence_library();
    client = client_new(&where);
    result = client_check(client, &question, &fixture->arena, &answer);
    row_equal_i64("check", result.code, STATUS_UNAVAILABLE);
    row_true("it says more", result.message.len > 0);
    result = client_release(client, &handle, 1, &fixture->arena, &released);
    row_equal_i64("release", result.code, STATUS_UNAVAILABLE);
    client_free(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults), TEST(test_all_options),
        TEST(test_mistakes), TEST(test_output),
        TEST(test_tally),    TEST(test_a_server_that_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
