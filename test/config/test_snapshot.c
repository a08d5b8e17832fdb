#include "test/config/load_text.h"
#include "test/support/table.h"

#include "policy/attr/vocabulary.h"
#include "policy/base/clock.h"

#include <pthread.h>
#include <stdlib.h>

#define DAY (24 * HOUR)

static void test_defaults(void **state)
{
    struct snapshot *snapshot = load_text("");
    const struct server_settings *server = &snapshot->server;

    (void)state;
    assert_int_equal(server->listen.count, 1);
    row_equal_str("listen", server->listen.items[0], STR("127.0.0.1:9091"));
    row_equal_str("admin", server->admin, STR("127.0.0.1:9093"));
    row_equal_i64("insecure", server->insecure, false);
    row_equal_i64("workers", server->workers, 0);
    row_equal_i64("max_delay", server->max_delay_ns, 10 * MILLISECOND);
    row_equal_i64("drain", server->drain_ns, 10 * SECOND);
    row_equal_i64("max_connections", server->max_connections, 10000);
    row_equal_i64("max_calls", server->max_calls, 10000);
    row_equal_i64("max_concurrent_streams", server->max_concurrent_streams,
                  1000);
    row_equal_i64("max_streams", server->max_streams, 100000);
    row_equal_i64("max_message", server->max_message_bytes, 1 << 20);
    row_equal_i64("max_header", server->max_header_bytes, 16 << 10);
    row_equal_i64("max_memory", server->max_memory_bytes, 256 << 20);
    row_equal_i64("unknown_quota", server->refuse_unknown_quota, false);
    row_equal_i64("valid_for", snapshot->ruleset.valid_for_ns, MINUTE);
    row_equal_i64("valid_uses", snapshot->ruleset.valid_uses, 10000);
    row_equal_i64("kind", snapshot->store.kind, STORE_MEMORY);
    row_equal_i64("size", snapshot->store.size_bytes, 64 << 20);
    row_equal_i64("deadline", snapshot->store.deadline_ns, 5 * MILLISECOND);
    row_equal_str("key_prefix", snapshot->store.key_prefix, STR("sluice"));
    row_equal_i64("level", snapshot->log.level, LOG_LEVEL_INFO);
    row_equal_i64("quotas", snapshot->ruleset.quota_count, 0);
    row_equal_i64("rules", snapshot->ruleset.rule_count, 0);
    snapshot_free(snapshot);
}

static void test_settings(void **state)
{
    struct snapshot *snapshot = load_text(
        "server = { listen = ( \"0.0.0.0:1\", \"unix:/run/s\" );\n"
        "  admin = \"\"; insecure = true; workers = \"3\"; max_delay = "
        "\"2s\";\n"
        "  max_message = 0x1000; max_memory = 99999999L; max_calls = 5L;\n"
        "  drain = 0; unknown_quota = \"refuse\"; valid_for = \"5s\"; };\n"
        "store = { kind = \"redis\"; servers = \"redis:6379\"; database = 3;\n"
        "  key_prefix = \"a\" \"\\x62\"; deadline = \"7ms\"; };\n"
        "log = { level = \"debug\"; };");
    const struct server_settings *server = &snapshot->server;

    (void)state;
    assert_int_equal(server->listen.count, 2);
    row_equal_str("listen", server->listen.items[1], STR("unix:/run/s"));
    row_equal_str("no admin", server->admin, STR(""));
    row_equal_i64("insecure", server->insecure, true);
    row_equal_i64("a number in quotes", server->workers, 3);
    row_equal_i64("max_delay", server->max_delay_ns, 2 * SECOND);
    row_equal_i64("hexadecimal", server->max_message_bytes, 4096);
    row_equal_i64("64 bits", server->max_memory_bytes, 99999999);
    row_equal_i64("64 bits, small", server->max_calls, 5);
    row_equal_i64("zero needs no unit", server->drain_ns, 0);
    row_equal_i64("refuse", snapshot->ruleset.refuse_unknown_quota, true);
    row_equal_i64("valid_for", snapshot->ruleset.valid_for_ns, 5 * SECOND);
    row_equal_i64("kind", snapshot->store.kind, STORE_REDIS);
    row_equal_str("servers", snapshot->store.servers.items[0],
                  STR("redis:6379"));
    row_equal_str("key_prefix", snapshot->store.key_prefix, STR("ab"));
    row_equal_i64("database", snapshot->store.database, 3);
    row_equal_i64("level", snapshot->log.level, LOG_LEVEL_DEBUG);
    snapshot_free(snapshot);
}

#define DIMENSIONS                                                             \
    "dimensions = { service = \"destination.service.host | ''\";"              \
    " user = \"source.user | ''\"; };"

static void test_concurrency(void **state)
{
    struct snapshot *snapshot = load_text(
        "quotas = ( { name = \"in-flight\"; " DIMENSIONS
        " concurrency = { max = 100; lease = \"30s\"; release = \"any\"; };"
        " overrides = ( { when = { user = \"\"; }; max = 0; },"
        "  { when = { service = \"a\"; user = \"b\"; }; lease = \"1s\"; } );"
        " dedup = \"2s\"; on_outage = \"closed\"; mode = \"shadow\";"
        " match = \"source.user | '' != 'root'\"; } );");
    const struct quota_spec *spec = &snapshot->ruleset.quotas[0];
    const struct quota_limits *limits = &snapshot->limits[0];

    (void)state;
    row_equal_str("name", limits->name, STR("in-flight"));
    row_equal_i64("outage", limits->on_outage, ON_OUTAGE_CLOSED);
    row_equal_i64("mode", spec->enforcement.mode, MODE_SHADOW);
    assert_non_null(spec->match);
    assert_int_equal(spec->dimension_count, 2);
    row_equal_str("dimension", spec->dimensions[1].name, STR("user"));
    assert_int_equal(limits->limit_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct limit *limit = &limits->limits[i];

        row_equal_i64("kind", limit->algorithm, LIMIT_CONCURRENCY);
        row_equal_i64("max", limit->amount, i == 1 ? 0 : 100);
        row_equal_i64("lease", limit->lease_ns, i == 2 ? SECOND : 30 * SECOND);
        row_equal_i64("dedup", limit->dedup_ns, 2 * SECOND);
        row_equal_i64("release", limit->release_any, true);
    }
    assert_int_equal(spec->override_count, 2);
    assert_null(spec->overrides[0].values[0].data);
    row_equal_str("an empty value is one", spec->overrides[0].values[1],
                  STR(""));
    assert_non_null(spec->overrides[0].values[1].data);
    row_equal_str("service", spec->overrides[1].values[0], STR("a"));
    row_equal_str("user", spec->overrides[1].values[1], STR("b"));
    snapshot_free(snapshot);
}

static const struct {
    const char *why;
    const char *rate, *override;
    int64_t amount, period_ns, burst;
} rates[] = {
    { "defaults", "amount = 50;", NULL, 50, SECOND, 50 },
    { "all written", "amount = 50; per = \"1m\"; burst = 7;", NULL, 50, MINUTE,
      7 },
    { "nothing is let through", "amount = 0;", NULL, 0, SECOND, 1 },
    { "the burst follows the amount", "amount = 50;", "amount = 10;", 10,
      SECOND, 10 },
    { "a written burst stays", "amount = 50; burst = 100;", "amount = 10;", 10,
      SECOND, 100 },
    { "only the burst", "amount = 50;", "burst = 5;", 50, SECOND, 5 },
    { "only the period", "amount = 50; burst = 9;", "per = \"2s\";", 50,
      2 * SECOND, 9 },
    { "to nothing", "amount = 50;", "amount = 0;", 0, SECOND, 1 },
    { "the longest", "amount = 50; per = \"1d\";", NULL, 50, 24 * HOUR, 50 },
};

/* A quota with that rate, and one override if it is not NULL. */
static struct snapshot *load_rate(const char *rate, const char *override)
{
    char text[512];

    snprintf(text, sizeof(text),
             "quotas = ( { name = \"q\"; rate = { %s }; " DIMENSIONS
             " overrides = ( %s%s%s ); } );",
             rate, override ? "{ when = { user = \"x\"; }; " : "",
             override ? override : "", override ? "}" : "");
    return load_text(text);
}

static void test_rates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rates); i++) {
        struct snapshot *snapshot = load_rate(rates[i].rate, rates[i].override);
        const struct limit *limit =
            &snapshot->limits[0].limits[rates[i].override ? 1 : 0];

        row_equal_i64(rates[i].why, limit->algorithm, LIMIT_TOKEN_BUCKET);
        row_equal_i64(rates[i].why, limit->amount, rates[i].amount);
        row_equal_i64(rates[i].why, limit->period_ns, rates[i].period_ns);
        row_equal_i64(rates[i].why, limit->burst, rates[i].burst);
        row_equal_i64(rates[i].why, limit->dedup_ns, SECOND);
        snapshot_free(snapshot);
    }
}

#define FIXED "algorithm = \"fixed_window\"; "
#define ALIGNED FIXED "align = true; "
#define ROLLING "algorithm = \"rolling_window\"; "

static const struct {
    const char *why;
    const char *rate, *override;
    struct limit limit;
} windows[] = {
    { "a fixed window",
      FIXED "amount = 5; per = \"15m\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 15 * MINUTE } },
    { "the longest",
      FIXED "amount = 5; per = \"366d\";",
      "amount = 9;",
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 9,
        .period_ns = LIMIT_WINDOW_MAX_NS } },
    { "aligned, by default to seconds",
      ALIGNED "amount = 5;",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = SECOND,
        .calendar = CALENDAR_SECOND } },
    { "to minutes",
      ALIGNED "amount = 5; per = \"1m\";",
      "amount = 0;",
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 0,
        .period_ns = MINUTE,
        .calendar = CALENDAR_MINUTE } },
    { "to hours, in another unit",
      ALIGNED "amount = 5; per = \"3600s\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = HOUR,
        .calendar = CALENDAR_HOUR } },
    { "to days",
      ALIGNED "amount = 5; per = \"1d\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 24 * HOUR,
        .calendar = CALENDAR_DAY } },
    { "to days, in a word",
      ALIGNED "amount = 5; per = \"day\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 24 * HOUR,
        .calendar = CALENDAR_DAY } },
    { "to weeks",
      ALIGNED "amount = 5; per = \"week\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 7 * DAY,
        .calendar = CALENDAR_WEEK } },
    { "to months, of which some are shorter",
      ALIGNED "amount = 5; per = \"month\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 31 * DAY,
        .calendar = CALENDAR_MONTH } },
    { "to years",
      ALIGNED "amount = 5; per = \"year\";",
      NULL,
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = LIMIT_WINDOW_MAX_NS,
        .calendar = CALENDAR_YEAR } },
    { "a rolling window, in twenty parts",
      ROLLING "amount = 5; per = \"1m\";",
      "amount = 6;",
      { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = 6,
        .period_ns = MINUTE,
        .bucket_ns = 3 * SECOND } },
    { "the finest",
      ROLLING "amount = 5; per = \"1ms\"; bucket = \"10us\";",
      NULL,
      { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = 5,
        .period_ns = MILLISECOND,
        .bucket_ns = 10 * MICROSECOND } },
    { "the coarsest",
      ROLLING "amount = 5; per = \"1m\"; bucket = \"1m\";",
      NULL,
      { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = 5,
        .period_ns = MINUTE,
        .bucket_ns = MINUTE } },
};

static void test_windows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(windows); i++) {
        const struct limit *want = &windows[i].limit;
        const char *why = windows[i].why;
        struct snapshot *snapshot =
            load_rate(windows[i].rate, windows[i].override);
        const struct limit *limit =
            &snapshot->limits[0].limits[windows[i].override ? 1 : 0];

        row_equal_i64(why, limit->algorithm, want->algorithm);
        row_equal_i64(why, limit->amount, want->amount);
        row_equal_i64(why, limit->period_ns, want->period_ns);
        row_equal_i64(why, limit->bucket_ns, want->bucket_ns);
        row_equal_i64(why, limit->calendar, want->calendar);
        row_equal_i64(why, limit->dedup_ns, SECOND);
        snapshot_free(snapshot);
    }
}

/* What an override, and what the quota itself leaves unlimited. */
static void test_unlimited(void **state)
{
    struct snapshot *snapshot = load_text(
        "quotas = ( { name = \"q\"; rate = { amount = 5; }; " DIMENSIONS
        " overrides = ( { when = { user = \"x\"; }; unlimited = true; },"
        "  { when = { user = \"y\"; }; amount = 6; } ); },"
        " { name = \"r\"; unlimited = true; } );");
    const struct quota_spec *specs = snapshot->ruleset.quotas;

    (void)state;
    assert_false(specs[0].is_unlimited);
    assert_true(specs[0].overrides[0].is_unlimited);
    assert_false(specs[0].overrides[1].is_unlimited);
    assert_true(specs[1].is_unlimited);
    snapshot_free(snapshot);
}

/* Usage is kept while the identity stays. */
struct identity_row {
    const char *why;
    const char *quota; /* beside name = "q" */
    bool is_kept;
};

static const struct identity_row identities[] = {
    { "itself", "rate = { amount = 5; };" DIMENSIONS, true },
    { "another amount", "rate = { amount = 6; };" DIMENSIONS, true },
    { "another burst", "rate = { amount = 5; burst = 9; };" DIMENSIONS, true },
    { "another period", "rate = { amount = 5; per = \"1m\"; };" DIMENSIONS,
      true },
    { "another expression",
      "rate = { amount = 5; }; dimensions = {"
      " service = \"source.user | ''\";"
      " user = \"source.user | ''\"; };",
      true },
    { "another mode", "rate = { amount = 5; }; mode = \"shadow\";" DIMENSIONS,
      true },
    { "another algorithm", "concurrency = { max = 5; };" DIMENSIONS, false },
    { "a dimension less",
      "rate = { amount = 5; }; dimensions = {"
      " service = \"source.user | ''\"; };",
      false },
    { "another order",
      "rate = { amount = 5; }; dimensions = {"
      " user = \"source.user | ''\";"
      " service = \"source.user | ''\"; };",
      false },
    { NULL, NULL, false },
};

static const struct identity_row fixed_identities[] = {
    { "a minute", "rate = {" FIXED "amount = 5; per = \"1m\"; };", true },
    { "in seconds", "rate = {" FIXED "amount = 5; per = \"60s\"; };", true },
    { "another amount", "rate = {" FIXED "amount = 6; per = \"1m\"; };", true },
    { "another window", "rate = {" FIXED "amount = 5; per = \"2m\"; };",
      false },
    { "one of the calendar",
      "rate = {" FIXED "amount = 5; per = \"1m\"; align = true; };", false },
    { "one that rolls", "rate = {" ROLLING "amount = 5; per = \"1m\"; };",
      false },
    { NULL, NULL, false },
};

static const struct identity_row aligned_identities[] = {
    { "a minute", "rate = {" FIXED "amount = 5; per = \"1m\"; align = true; };",
      true },
    { "in a word",
      "rate = {" FIXED "amount = 5; per = \"minute\"; align = true; };", true },
    { "another unit",
      "rate = {" FIXED "amount = 5; per = \"hour\"; align = true; };", false },
    { NULL, NULL, false },
};

static const struct identity_row rolling_identities[] = {
    { "a minute", "rate = {" ROLLING "amount = 5; per = \"1m\"; };", true },
    { "other buckets",
      "rate = {" ROLLING "amount = 6; per = \"1m\"; bucket = \"1s\"; };",
      true },
    { "another window", "rate = {" ROLLING "amount = 5; per = \"1h\"; };",
      false },
    { NULL, NULL, false },
};

static struct snapshot *load_row(const struct identity_row *row)
{
    char text[512];

    snprintf(text, sizeof(text), "quotas = ( { name = \"q\"; %s } );",
             row->quota);
    return load_text(text);
}

/* The first row is what was before. */
static void check_identities(const struct identity_row *rows)
{
    struct snapshot *before = load_row(rows);

    for (const struct identity_row *row = rows; row->why; row++) {
        struct snapshot *after = load_row(row);

        row_equal_i64(row->why,
                      str_eq(before->ruleset.quotas[0].identity,
                             after->ruleset.quotas[0].identity),
                      row->is_kept);
        snapshot_free(after);
    }
    snapshot_free(before);
}

static void test_identity(void **state)
{
    (void)state;
    check_identities(identities);
    check_identities(fixed_identities);
    check_identities(aligned_identities);
    check_identities(rolling_identities);
}

static void test_rules(void **state)
{
    struct snapshot *snapshot = load_text(
        "attributes = ( { name = \"user.tier\"; type = \"INT64\"; } );"
        "quotas = ( { name = \"a\"; rate = { amount = 1; }; },"
        " { name = \"B\"; rate = { amount = 1; }; } );"
        "rules = ( { name = \"one\"; match = \"user.tier | 0 > 1\";"
        "  deny = { code = \"NOT_FOUND\"; message = \"no\";"
        "   http_status = 404; }; on_error = \"deny\"; mode = \"shadow\"; },"
        " { name = \"two\"; quota = [ \"b\", \"A\" ]; on_error = \"allow\"; },"
        " { name = \"three\"; deny = { }; quota = ( \"B\" ); } );");
    const struct rule *rules = snapshot->ruleset.rules;

    (void)state;
    assert_int_equal(snapshot->ruleset.rule_count, 3);
    row_equal_str("name", rules[0].name, STR("one"));
    assert_non_null(rules[0].match);
    assert_non_null(rules[0].deny);
    row_equal_i64("code", rules[0].deny->code, STATUS_NOT_FOUND);
    row_equal_str("message", rules[0].deny->message, STR("no"));
    row_equal_i64("status", rules[0].deny->http_status, 404);
    row_equal_i64("on_error", rules[0].on_error, ON_ERROR_DENY);
    row_equal_i64("mode", rules[0].enforcement.mode, MODE_SHADOW);

    assert_null(rules[1].match);
    assert_null(rules[1].deny);
    row_equal_i64("on_error", rules[1].on_error, ON_ERROR_ALLOW);
    assert_int_equal(rules[1].quota_count, 2);
    row_equal_i64("in its order", rules[1].quotas[0].quota, 1);
    row_equal_i64("without case", rules[1].quotas[1].quota, 0);

    row_equal_i64("default", rules[2].deny->code, STATUS_PERMISSION_DENIED);
    row_equal_i64("follows the code", rules[2].deny->http_status, 0);
    row_equal_i64("default", rules[2].on_error, ON_ERROR_SKIP);
    assert_int_equal(rules[2].quota_count, 1);

    assert_true(vocabulary_id(snapshot->vocabulary, STR("user.tier")) !=
                ATTR_NONE);
    assert_true(vocabulary_id(snapshot->vocabulary, STR("source.ip")) ==
                ATTR_NONE);
    snapshot_free(snapshot);
}

/* `count` copies of a text between two others. To be freed. */
static struct str repeat(const char *before, const char *text, size_t count,
                         const char *after)
{
    char *buffer = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&buffer, &len);

    fputs(before, out);
    for (size_t i = 0; i < count; i++)
        fputs(text, out);
    fputs(after, out);
    fclose(out);
    return (struct str){ buffer, len };
}

/* Hostile texts are refused, soon, and without a stack overflow. */
static const struct {
    const char *why;
    const char *before, *text;
    size_t count;
    const char *after;
} hostile[] = {
    { "10,000 groups in each other", "", "a = { ", 10000, "" },
    { "10,000 lists in each other", "a = ", "( ", 10000, "" },
    { "10,000 arrays in each other", "a = ", "[ ", 10000, "" },
    { "a literal of 1 MB as a name", "quotas = ( { name = \"", "a", 1000000,
      "\"; rate = { amount = 1; }; } );" },
    { "a literal of 1 MB as an expression",
      "rules = ( { name = \"r\"; "
      "deny = { }; match = \"",
      "a", 1000000, "\"; } );" },
    { "an integer of 1 MB", "server = { workers = ", "9", 1000000, "; };" },
    { "100,000 strings in a row", "log = { level = ", "\"a\" ", 100000,
      "; };" },
    { "2 million values", "server = { listen = [ 1", ",1", 2000000, " ]; };" },
    { "more than 16 MiB", "", "# 32 bytes of a comment, padded\n", 600000, "" },
    { "nested parentheses in an expression",
      "rules = ( { name = \"r\"; deny = { }; match = \"", "(", 60000,
      "\"; } );" },
};

static void test_hostile(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(hostile); i++) {
        struct str text = repeat(hostile[i].before, hostile[i].text,
                                 hostile[i].count, hostile[i].after);
        struct snapshot *snapshot = try_text(text);

        row_true(hostile[i].why, snapshot == NULL);
        free((void *)(uintptr_t)text.data);
    }
}

static void test_wide_group(void **state)
{
    char *buffer = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&buffer, &len);

    (void)state;
    for (int i = 0; i < 100000; i++)
        fprintf(out, "a%d = 1;", i);
    fclose(out);
    assert_null(try_text((struct str){ buffer, len }));
    free(buffer);
}

/* As many rules as a large site has. */
static void test_many_rules(void **state)
{
    struct snapshot *snapshot;
    char *buffer = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&buffer, &len);

    (void)state;
    fprintf(out, "quotas = ( { name = \"q\"; rate = { amount = 1; }; } );"
                 "rules = (");
    for (int i = 0; i < 10000; i++)
        fprintf(out,
                "%s{ name = \"rule-%d\"; quota = \"q\";"
                " match = \"source.user | '' == 'u%d'\"; }\n",
                i > 0 ? "," : "", i, i);
    fprintf(out, ");");
    fclose(out);
    snapshot = load_text(buffer);
    assert_int_equal(snapshot->ruleset.rule_count, 10000);
    row_equal_str("last", snapshot->ruleset.rules[9999].name, STR("rule-9999"));
    snapshot_free(snapshot);
    free(buffer);
}

static void *load_often(void *text)
{
    for (int i = 0; i < 50; i++) {
        struct snapshot *snapshot = try_text(str_of(text));

        if (!snapshot)
            return text;
        snapshot_free(snapshot);
    }
    return NULL;
}

/* A worker loads in one thread while another serves. */
static void test_threads(void **state)
{
    static char text[] = "quotas = ( { name = \"q\"; rate = { amount = 1; };"
                         " dimensions = { a = \"source.user | 'x'\"; }; } );";
    pthread_t threads[4];
    void *failed;

    (void)state;
    for (size_t i = 0; i < ROWS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_often, text),
                         0);
    for (size_t i = 0; i < ROWS(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_settings),
        cmocka_unit_test(test_concurrency), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_unlimited),
        cmocka_unit_test(test_identity),    cmocka_unit_test(test_rules),
        cmocka_unit_test(test_hostile),     cmocka_unit_test(test_wide_group),
        cmocka_unit_test(test_many_rules),  cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
