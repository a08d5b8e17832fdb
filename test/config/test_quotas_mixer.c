/*
 * Mixer's own tests of its quota adapters, test/data/mixer_quota_cases.jsonl:
 * what their configuration checks, which limit holds, and what a Check answers.
 * Sequences of calls are test/quota/test_quota_mixer.c.
 *
 * Departures, beside those in the tables:
 *   Mixer                            here
 *   Redis away or talking nonsense:  the quota's on_outage; never INTERNAL or
 *   UNAVAILABLE, INTERNAL            UNAVAILABLE, which clients that fail open
 *                                    let pass
 *   messages name the handler        they name the quota
 */
#include "test/config/decided.h"
#include "test/support/mixer_rows.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/take.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- the configuration that a row stands for --------------------------- */

/* Backquotes in place of quotes within an expression. */
static void write_expression(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++)
        fputc(*text == '"' ? '`' : *text, out);
    fputc('"', out);
}

/* Names of dimensions cannot have points here. */
static void write_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(*name == '.' ? '_' : *name, out);
}

static void write_dimensions(FILE *out, const json_t *expressions)
{
    const char *name;
    json_t *text;

    fputs("  dimensions = {\n", out);
    json_object_foreach((json_t *)(uintptr_t)expressions, name, text)
    {
        fputs("    ", out);
        write_name(out, name);
        fputs(" = ", out);
        write_expression(out, json_string_value(text));
        fputs(";\n", out);
    }
    fputs("  };\n", out);
}

static void write_when(FILE *out, const json_t *dimensions)
{
    const char *name;
    json_t *value;

    if (!dimensions)
        return;
    fputs("when = { ", out);
    json_object_foreach((json_t *)(uintptr_t)dimensions, name, value)
    {
        write_name(out, name);
        fprintf(out, " = \"%s\"; ", json_string_value(value));
    }
    fputs("}; ", out);
}

static void write_overrides(FILE *out, const json_t *overrides)
{
    const json_t *override;
    size_t i;

    fputs("  overrides = (", out);
    json_array_foreach(overrides, i, override)
    {
        const json_t *amount = json_object_get(override, "max_amount");

        fprintf(out, "%s\n    { ", i > 0 ? "," : "");
        write_when(out, json_object_get(override, "dimensions"));
        if (amount)
            fprintf(out, "amount = %" JSON_INTEGER_FORMAT "; ",
                    json_integer_value(amount));
        fputc('}', out);
    }
    fputs(" );\n", out);
}

static bool is_rolling(const json_t *settings)
{
    const char *algorithm = text_of(settings, "algorithm");

    return algorithm && strcmp(algorithm, "ROLLING_WINDOW") == 0;
}

/* KEY = "5s"; of a number of seconds, or a text as it is. */
static void write_time(FILE *out, const char *key, const json_t *time)
{
    if (json_is_string(time))
        fprintf(out, "  %s = \"%s\";\n", key, json_string_value(time));
    else if (json_is_integer(time))
        fprintf(out, "  %s = \"%" JSON_INTEGER_FORMAT "s\";\n", key,
                json_integer_value(time));
}

static const json_t *either(const json_t *object, const char *key,
                            const char *other)
{
    const json_t *value = json_object_get(object, key);

    return value ? value : json_object_get(object, other);
}

static void write_rate(FILE *out, const json_t *settings)
{
    const json_t *amount = json_object_get(settings, "max_amount");

    fprintf(out, "  rate = {\n  algorithm = \"%s\";\n",
            is_rolling(settings) ? "rolling_window" : "fixed_window");
    if (amount)
        fprintf(out, "  amount = %" JSON_INTEGER_FORMAT ";\n",
                json_integer_value(amount));
    write_time(out, "per",
               either(settings, "valid_duration", "valid_duration_s"));
    if (is_rolling(settings))
        write_time(out, "bucket",
                   either(settings, "bucket_duration", "bucket_duration_s"));
    fputs("  };\n", out);
}

static void write_quota(FILE *out, const char *name, const json_t *settings,
                        const json_t *dimensions)
{
    fputs("  {\n", out);
    if (name)
        fprintf(out, "  name = \"%s\";\n", name);
    write_dimensions(out, dimensions);
    write_rate(out, settings);
    if (json_object_get(settings, "overrides"))
        write_overrides(out, json_object_get(settings, "overrides"));
    fputs("  }", out);
}

/* ---- mistakes ---------------------------------------------------------- */

/* Whether there are mistakes, and one in a line that begins so. */
static void find_mistake(const char *config, const char *line,
                         bool *is_mistaken, bool *is_there)
{
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test.conf"), str_of(config));
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
    snapshot = snapshot_load(&bundle, &diags);
    *is_mistaken = diags.error_count > 0;
    *is_there = false;
    assert_int_equal(snapshot == NULL, *is_mistaken);
    for (const struct diag *diag = diags.first; diag; diag = diag->next)
        *is_there |= str_starts_with(diag->place.text, str_of(line));
    snapshot_free(snapshot);
    diags_fini(&diags);
}

/* Rows that Mixer refuses and we do not, and where we find the mistakes of the
 * others: how the line begins. */
static const struct {
    const char *name, *line; /* NULL: none */
    const char *reason;
} mistakes[] = {
    { "min_deduplication_duration zero", NULL, "0: retries are not known" },
    { "min_deduplication_duration negative", "  dedup =", "" },
    { "instance Foo without a limit (fails at Build)", "{ name = \"Foo\";",
      "" },
    { "Empty redis server url", "  servers =", "" },
    { "Invalid connection pool size",
      "  servers =", "there is one connection, so no size of a pool" },
    { "Empty quota config", NULL, "a file need not have quotas" },
    { "Empty quota name", "  {", "" },
    { "Invalid quota.max_amount", "  rate =", "" },
    { "quota.valid_duration is not defined", NULL, "by default 1s" },
    { "quota.bucket_duration is not defined", NULL,
      "by default a twentieth of `per`" },
    { "quota.bucket_duration is longer than quota.valid_duration",
      "  bucket =", "" },
    { "Override invalid max_amount", "    {", "" },
    { "Override empty dimensions", "    {", "" },
};

/* Also frees the text. */
static void check_mistake(const json_t *row, char *config, bool is_wanted)
{
    const char *why = text_of(row, "name"), *expected = NULL;
    bool is_known = false, is_mistaken, is_there;

    for (size_t i = 0; i < ROWS(mistakes); i++) {
        if (strcmp(mistakes[i].name, why) != 0)
            continue;
        is_known = true;
        expected = mistakes[i].line;
    }
    row_equal_i64(why, is_wanted, is_known);
    find_mistake(config, expected ? expected : "", &is_mistaken, &is_there);
    row_equal_i64(why, is_mistaken, expected != NULL);
    row_equal_i64(why, is_there, expected != NULL);
    free(config);
}

static void run_memquota_validate(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings"), *instance;
    char *text = NULL;
    size_t len = 0, i;
    FILE *out = open_memstream(&text, &len);

    fputs("quotas = (", out);
    json_array_foreach(json_object_get(settings, "instances"), i, instance)
        fprintf(out, "\n{ name = \"%s\"; },", json_string_value(instance));
    fprintf(out,
            "\n{ name = \"q\"; rate = { amount = 1; };\n"
            "  dedup = \"%" PRId64 "ns\";\n} );\n",
            number_of(settings, "min_deduplication_duration_ns"));
    fclose(out);
    check_mistake(row, text, json_is_true(json_object_get(row, "want_error")));
}

static void run_redisquota_validate(const json_t *row)
{
    static const json_t *no_dimensions;
    const json_t *settings = json_object_get(row, "settings"), *quota;
    const char *url = text_of(settings, "redis_server_url");
    char *text = NULL;
    size_t len = 0, i;
    FILE *out = open_memstream(&text, &len);

    fprintf(out, "store = { kind = \"redis\";\n  servers = [ \"%s\" ]; };\n",
            url[0] == '<' ? "127.0.0.1:6379" : url);
    fputs("quotas = (\n", out);
    json_array_foreach(json_object_get(settings, "quotas"), i, quota)
        write_quota(out, text_of(quota, "name"), quota, no_dimensions);
    fputs(" );\n", out);
    fclose(out);
    check_mistake(row, text,
                  json_array_size(json_object_get(row, "want_errors")) > 0);
}

static void test_mistakes(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "memquota_validate",
             run_memquota_validate, 4);
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "redisquota_validate",
             run_redisquota_validate, 11);
}

/* ---- which limit holds ------------------------------------------------- */

/* The attributes that stand for the dimensions of these rows. */
static json_t *selection_dimensions(void)
{
    return json_pack("{s:s, s:s, s:s}", "destination", "destination.name | ''",
                     "source", "source.name | ''", "source.ip",
                     "source.ip | ip('0.0.0.0')");
}

static char *selection_request(const json_t *dimensions)
{
    static const char *const names[][2] = {
        { "destination", "destination.name" },
        { "source", "source.name" },
        { "source.ip", "source.ip" },
    };
    json_t *attributes = json_object(), *request;
    char *text;

    for (size_t i = 0; i < ROWS(names); i++) {
        json_t *value = json_object_get(dimensions, names[i][0]);

        if (json_is_object(value))
            value = json_object_get(value, "value");
        if (value)
            json_object_set(attributes, names[i][1], value);
    }
    request =
        json_pack("{s:o, s:{s:i}}", "attributes", attributes, "quotas", "q", 1);
    text = json_dumps(request, 0);
    json_decref(request);
    return text;
}

/* Decides a request that names the quota, with the request it makes. */
static void run_limit_select(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings");
    const char *why = text_of(row, "name");
    json_t *dimensions = selection_dimensions();
    char *text = NULL,
         *request = selection_request(json_object_get(row, "dimensions"));
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct snapshot *snapshot;
    struct decided decided;

    fputs("quotas = (\n", out);
    write_quota(out, "q", settings, dimensions);
    fputs(" );\n", out);
    fclose(out);
    snapshot = try_text(str_of(text));
    if (strcmp(why, "override no dim") == 0) {
        /* What holds for all keys is written as the quota's own limit. */
        assert_null(snapshot);
    } else {
        row_true(why, snapshot != NULL);
        decide(&decided, snapshot, request);
        assert_int_equal(decided.state, CHECK_ASKS);
        row_equal_i64(
            why,
            snapshot->limits[0].limits[decided.check.requests[0].limit].amount,
            number_of(row, "want_max_amount"));
        decided_fini(&decided);
    }
    snapshot_free(snapshot);
    json_decref(dimensions);
    free(request);
    free(text);
}

static void test_limits(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "memquota_limit_select",
             run_limit_select, 5);
}

/* ---- what a Check answers ---------------------------------------------- */

/* Takes what the check asks from an empty memory store; an outage where the row
 * has a backend that is ill. */
static void answer(struct decided *decided, bool is_outage)
{
    const struct snapshot *snapshot = decided->snapshot;
    struct check *check = &decided->check;
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    struct store *store = local_open(fd);
    struct take take = { 0 };

    assert_non_null(store);
    take_init(&take, store, check->requests, check->request_count,
              snapshot->limits, STR(""));
    take.deadline_ns = SECOND;
    if (is_outage)
        take.status = TAKE_OUTAGE;
    else
        store_take(store, &take, HOUR);
    take_settle(&take, check->requests, snapshot->limits, NULL);
    check_finish(check, take.grants);
    store_free(store);
    close(fd);
}

static char *api_request(const json_t *row)
{
    json_t *attributes = json_object_get(row, "attrs");
    json_t *request =
        json_pack("{s:o, s:{s:i}}", "attributes",
                  attributes ? json_incref(attributes) : json_object(),
                  "quotas", "q", (int)number_of(row, "amount"));
    char *text = json_dumps(request, 0);

    json_decref(request);
    return text;
}

static void run_check(const json_t *row, const json_t *settings,
                      const json_t *want)
{
    const char *why = text_of(row, "name");
    bool is_outage = text_of(row, "backend") != NULL;
    char *text = NULL, *request = api_request(row);
    const struct quota_grant *grant;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct snapshot *snapshot;
    struct decided decided;

    fputs("quotas = (\n", out);
    write_quota(out, "q", settings,
                json_object_get(settings, "dimensions_expr"));
    fputs(" );\n", out);
    fclose(out);
    snapshot = try_text(str_of(text));
    row_true(text, snapshot != NULL);
    decide(&decided, snapshot, request);
    assert_int_equal(decided.state, CHECK_ASKS);
    decided.check.requests[0].is_best_effort =
        json_is_true(json_object_get(row, "best_effort"));
    answer(&decided, is_outage);
    grant = &decided.check.answers[0].grant;
    row_equal_i64(why, grant->is_outage, is_outage);
    if (is_outage) {
        /* By default open. */
        row_equal_i64(why, grant->granted, number_of(row, "amount"));
    } else {
        row_equal_i64(why, grant->granted, number_of(want, "granted"));
        row_equal_i64(why, grant->valid_for_ns,
                      number_of(want, "valid_duration_s") * SECOND);
        row_equal_i64(why, grant->is_refused,
                      number_of(want, "status_code") ==
                          STATUS_RESOURCE_EXHAUSTED);
    }
    decided_fini(&decided);
    snapshot_free(snapshot);
    free(request);
    free(text);
}

static void run_check_api(const json_t *row)
{
    run_check(row, json_object_get(row, "settings"),
              json_object_get(row, "want"));
}

static void run_backend_error(const json_t *row)
{
    run_check(row, json_object_get(row, "settings"), NULL);
}

static void test_answers(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "redisquota_check_api",
             run_check_api, 9);
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "redisquota_backend_error",
             run_backend_error, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
