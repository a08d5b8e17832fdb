/*
 * Mixer's own tests of its list checker, test/data/mixer_list_cases.jsonl: what
 * its configuration checks, and what a Check answers. Look-ups and texts are
 * test/policy/test_roster_mixer.c; the web is test/proto/test_fetch.c.
 *
 * Departures:
 *   Mixer                            here
 *   a miss is NOT_FOUND in 1.0       PERMISSION_DENIED, as since 1.1
 *   a list that cannot be had, or    the rule's on_error, as for all that
 *   is purged: INTERNAL, or OK       cannot be evaluated; never INTERNAL, which
 *                                    clients that fail open let pass
 *   a value that is no address:      the rule's on_error
 *   INVALID_ARGUMENT
 *   messages name the value          they name the list: a value may be secret
 *   "10::1" is its whole /32         it is itself alone, /128
 *   lists of addresses are YAML      one entry a line, as all others
 *   case by Unicode                  case of ASCII letters
 *   RE2                              PCRE2, bounded
 *   no bound of time or size         `timeout`, `max_size`
 */
#include "test/support/decision.h"
#include "test/support/mixer_rows.h"

#include "config/bundle_lists.h"

#include <stdlib.h>

/* ---- the configuration that a row stands for --------------------------- */

static const char *type_of(const json_t *settings)
{
    static const char *const types[][2] = {
        { "STRINGS", "string" },
        { "CASE_INSENSITIVE_STRINGS", "string_nocase" },
        { "IP_ADDRESSES", "ip" },
        { "REGEX", "regex" },
    };
    const char *name = text_of(settings, "entry_type");

    for (size_t i = 0; i < ROWS(types); i++)
        if (name && strcmp(name, types[i][0]) == 0)
            return types[i][1];
    assert_null(name);
    return "string";
}

static void write_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_entries(FILE *out, const json_t *overrides)
{
    const json_t *entry;
    size_t i;

    fputs("  entries = [ ", out);
    json_array_foreach(overrides, i, entry)
    {
        fputs(i > 0 ? ", " : "", out);
        write_quoted(out, json_string_value(entry));
    }
    fputs(" ];\n", out);
}

/* KEY = "5s"; where the row has it. */
static void write_seconds(FILE *out, const char *key, const json_t *seconds)
{
    if (seconds)
        fprintf(out, "  %s = \"%" JSON_INTEGER_FORMAT "s\";\n", key,
                json_integer_value(seconds));
}

static void write_list(FILE *out, const json_t *settings)
{
    const char *url = text_of(settings, "provider_url");

    fprintf(out, "lists = ( {\n  name = \"l\";\n  type = \"%s\";\n",
            type_of(settings));
    write_entries(out, json_object_get(settings, "overrides"));
    if (url) {
        fputs("  url = ", out);
        write_quoted(out, url);
        fputs(";\n", out);
        write_seconds(out, "refresh",
                      json_object_get(settings, "refresh_interval_s"));
        write_seconds(out, "max_age", json_object_get(settings, "ttl_s"));
    }
    fputs("} );\n", out);
}

/* Mixer's list checker lets hits and misses be cached alike: 300 s, 10000
 * times where nothing is said. */
static void write_rule(FILE *out, const json_t *settings, const char *value,
                       const char *on_error)
{
    const json_t *interval = json_object_get(settings, "caching_interval_s");
    const json_t *uses = json_object_get(settings, "caching_use_count");

    fputs("server = { valid_for = \"5m\"; };\n"
          "rules = ( {\n  name = \"r\";\n",
          out);
    fprintf(out, "  on_error = \"%s\";\n  list = { name = \"l\"; value = ",
            on_error);
    write_quoted(out, value);
    fprintf(out, "; otherwise = \"%s\"; };\n",
            json_is_true(json_object_get(settings, "blacklist")) ? "pass"
                                                                 : "deny");
    fprintf(out, "  valid_for = \"%" JSON_INTEGER_FORMAT "s\";\n",
            interval ? json_integer_value(interval) : 300);
    fprintf(out, "  valid_uses = %" JSON_INTEGER_FORMAT ";\n} );\n",
            uses ? json_integer_value(uses) : 10000);
}

/* To be freed. */
static char *config_of(const json_t *settings, const char *value,
                       const char *on_error)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    write_list(out, settings);
    write_rule(out, settings, value, on_error);
    fclose(out);
    return text;
}

/* ---- rows -------------------------------------------------------------- */

/* The line of the first mistake; empty: there is none. */
static struct str first_mistake(const char *config, struct diags *diags)
{
    struct snapshot *snapshot;
    struct bundle bundle;

    bundle_from_text(&bundle, STR("test.conf"), str_of(config));
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, diags);
    snapshot = snapshot_load(&bundle, diags);
    assert_int_equal(snapshot == NULL, diags->error_count > 0);
    snapshot_free(snapshot);
    return diags->first ? diags->first->place.text : STR("");
}

/* The mistake is found where Mixer finds it. */
static void run_validate(const json_t *row)
{
    static const char *const fields[][2] = {
        { "", "" },
        { "overrides", "  entries =" },
        { "providerUrl", "  url =" },
        { "refreshInterval", "  refresh =" },
        { "ttl", "  max_age =" },
        { "cachingInterval", "  valid_for =" },
        { "cachingUseCount", "  valid_uses =" },
    };
    const char *why = text_of(row, "name");
    const char *want = text_of(row, "want_error_field");
    char *config =
        config_of(json_object_get(row, "settings"), "source.name | ''", "deny");
    bool is_known = false;
    struct diags diags;
    struct str line;

    diags_init(&diags);
    line = first_mistake(config, &diags);
    for (size_t i = 0; i < ROWS(fields); i++) {
        if (strcmp(want, fields[i][0]) != 0)
            continue;
        is_known = true;
        row_true(why, str_starts_with(line, str_of(fields[i][1])));
        row_equal_i64(why, diags.error_count > 0, want[0] != '\0');
    }
    row_true(why, is_known);
    diags_fini(&diags);
    free(config);
}

static void test_validate(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_list_cases.jsonl", "list_validate", run_validate,
             14);
}

/* What a Check answers. */
static struct str decide(struct decision *decision, const json_t *attributes)
{
    char *text = json_dumps(attributes, 0);
    struct request request = { .attributes = str_of(text) };
    struct str shown = decision_make(decision, &request);

    free(text);
    return shown;
}

static struct str wanted_answer(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings");

    if (json_integer_value(json_object_get(row, "want_code")) == 0)
        return STR("OK\nvalid 5m 10000\n");
    if (json_is_true(json_object_get(settings, "blacklist")))
        return STR("PERMISSION_DENIED \"r:in the list l\"\n"
                   "valid 5m 10000\n");
    return STR("PERMISSION_DENIED \"r:not in the list l\"\n"
               "valid 5m 10000\n");
}

static void run_api(const json_t *row)
{
    char *config = config_of(json_object_get(row, "settings"),
                             text_of(row, "value_expr"), "deny");
    struct decision decision;

    decision_init(&decision, str_of(config));
    row_equal_str(text_of(row, "name"),
                  decide(&decision, json_object_get(row, "attrs")),
                  wanted_answer(row));
    decision_fini(&decision);
    free(config);
}

static void test_api(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_list_cases.jsonl", "list_check_api", run_api, 8);
}

/* However it came that the list cannot be had. */
static void run_unavailable(const json_t *row)
{
    static const struct {
        const char *on_error;
        struct str want; /* the beginning */
    } rows[] = {
        { "deny", STR_INIT("PERMISSION_DENIED \"r:") },
        { "skip", STR_INIT("OK\n") },
        { "allow", STR_INIT("OK\n") },
    };
    json_t *settings = json_pack("{s:s}", "provider_url", "https://localhost/");
    json_t *attributes =
        json_pack("{s:s*}", "source.name", text_of(row, "value"));

    for (size_t i = 0; i < ROWS(rows); i++) {
        char *config =
            config_of(settings, "source.name | ''", rows[i].on_error);
        struct decision decision;

        decision_init(&decision, str_of(config));
        row_true(text_of(row, "name"),
                 str_starts_with(decide(&decision, attributes), rows[i].want));
        decision_fini(&decision);
        free(config);
    }
    json_decref(settings);
    json_decref(attributes);
}

static void test_unavailable(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_list_cases.jsonl", "list_unavailable",
             run_unavailable, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_api),
        cmocka_unit_test(test_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
