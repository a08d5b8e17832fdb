/*
 * Mixer's own tests of its list checker, test/data/mixer_list_cases.jsonl:
 * what is found, and which texts are refused. What its configuration checks
 * and what a Check answers is test/config/test_lists_mixer.c.
 * Departure: Mixer reads lists of addresses as a YAML mapping, we one entry a
 * line as all others; so its frame is taken away here.
 */
#include "test/support/table.h"

#include "policy/rule/roster.h"
#include "policy/rule/roster_text.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

#define SEED UINT64_C(0x5eed)

/* google.rpc.Code: the answers of Mixer 1.1 and later. */
enum {
    CODE_OK = 0,
    CODE_INVALID_ARGUMENT = 3,
    CODE_PERMISSION_DENIED = 7,
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static enum roster_type type_of(const json_t *settings)
{
    static const struct {
        const char *name;
        enum roster_type type;
    } types[] = {
        { "STRINGS", ROSTER_STRING },
        { "CASE_INSENSITIVE_STRINGS", ROSTER_STRING_NOCASE },
        { "IP_ADDRESSES", ROSTER_IP },
        { "REGEX", ROSTER_REGEX },
    };
    const char *name = text_of(settings, "entry_type");

    for (size_t i = 0; i < ROWS(types); i++)
        if (name && strcmp(name, types[i].name) == 0)
            return types[i].type;
    assert_null(name);
    return ROSTER_STRING;
}

/* "whitelist:\n- A\n- B\n" as "A\nB\n". */
static struct str without_frame(struct str yaml, struct arena *arena)
{
    char *lines = arena_alloc(arena, yaml.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < yaml.len; i++) {
        bool is_start = i == 0 || yaml.data[i - 1] == '\n';
        struct str rest = str_skip(yaml, i);

        if (is_start && str_starts_with(rest, STR("whitelist:\n")))
            i += strlen("whitelist:\n") - 1;
        else if (is_start && str_starts_with(rest, STR("- ")))
            i += strlen("- ") - 1;
        else
            lines[len++] = yaml.data[i];
    }
    return (struct str){ lines, len };
}

/* NULL if the text is refused. */
static struct roster *open_list(const json_t *settings, const char *payload,
                                struct arena *arena)
{
    const json_t *overrides = json_object_get(settings, "overrides");
    enum roster_type type = type_of(settings);
    struct str text = payload ? str_of(payload) : STR("");
    struct roster *roster = NULL;
    struct roster_entries entries;
    char why[ROSTER_WHY_SIZE];
    struct diags diags;
    const json_t *entry;
    size_t i;

    if (type == ROSTER_IP)
        text = without_frame(text, arena);
    diags_init(&diags);
    roster_entries_init(&entries, type);
    json_array_foreach(overrides, i, entry) assert_true(
        roster_entries_add(&entries, str_of(json_string_value(entry)), why));
    if (roster_entries_read(&entries, STR("provider"), text, &diags))
        roster = roster_open(
            roster_build(type, entries.items, entries.count, SEED, arena));
    roster_entries_fini(&entries);
    diags_fini(&diags);
    return roster;
}

static int code_of(enum roster_answer answer, bool is_denying)
{
    switch (answer) {
    case ROSTER_IN:
        return is_denying ? CODE_PERMISSION_DENIED : CODE_OK;
    case ROSTER_OUT:
        return is_denying ? CODE_OK : CODE_PERMISSION_DENIED;
    case ROSTER_BAD_VALUE:
        return CODE_INVALID_ARGUMENT;
    case ROSTER_UNAVAILABLE:
    case ROSTER_TOO_COSTLY:
        break;
    }
    return -1;
}

static void run_check(const json_t *row, struct arena *arena)
{
    const char *why = text_of(row, "name");
    const json_t *settings = json_object_get(row, "settings");
    struct value value = { .type = VALUE_STRING,
                           .string = str_of(text_of(row, "value")) };
    struct roster *roster =
        open_list(settings, text_of(row, "provider_payload"), arena);
    bool is_denying = json_is_true(json_object_get(settings, "blacklist"));

    row_true(why, roster);
    row_equal_i64(
        why, code_of(roster_find(roster, &value), is_denying),
        json_integer_value(json_object_get(row, "actual_code_1_1_and_later")));
    roster_free(roster);
}

static void run_refresh_error(const json_t *row, struct arena *arena)
{
    const char *why = text_of(row, "name");
    const json_t *settings = json_object_get(row, "settings");
    struct roster *first =
        open_list(settings, text_of(row, "first_payload"), arena);

    row_true(why, first);
    row_true(why, !open_list(settings, text_of(row, "second_payload"), arena));
    roster_free(first);
}

/* One kind of rows. */
static void run_rows(const char *kind,
                     void (*run)(const json_t *row, struct arena *arena),
                     unsigned want_count)
{
    FILE *file = fopen(TEST_DATA "/mixer_list_cases.jsonl", "r");
    unsigned count = 0;
    char line[4096];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        json_t *row = json_loads(line, 0, NULL);
        struct arena arena;

        assert_non_null(row);
        if (strcmp(text_of(row, "kind"), kind) == 0) {
            arena_init(&arena, 0);
            run(row, &arena);
            arena_fini(&arena);
            count++;
        }
        json_decref(row);
    }
    fclose(file);
    assert_int_equal(count, want_count);
}

static void test_checks(void **state)
{
    (void)state;
    run_rows("list_check", run_check, 29);
}

static void test_refresh_errors(void **state)
{
    (void)state;
    run_rows("list_refresh_error", run_refresh_error, 4);
}

/* TestRegexErrors, the one row of its kind with a text. */
static void run_unavailable(const json_t *row, struct arena *arena)
{
    const char *payload = text_of(row, "provider_payload");

    if (payload)
        row_true(text_of(row, "name"),
                 !open_list(json_object_get(row, "settings"), payload, arena));
}

static void test_unavailable(void **state)
{
    (void)state;
    run_rows("list_unavailable", run_unavailable, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_refresh_errors),
        cmocka_unit_test(test_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
