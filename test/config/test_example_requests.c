/*
 * Each example says what it promises to the requests that lie beside it, by
 * `sluice explain`:
 *   {"why", "request": REQUEST, "expect": {
 *     "rules": {NAME: RESULT}, "quotas": {NAME: {...}}, ANY OTHER: VALUE}}
 * What is expected of a quota is a part of what is said of it.
 */
#include "test/config/run_command.h"
#include "test/support/table.h"

#include "config/explain_command.h"

#include <dirent.h>
#include <jansson.h>

#define EXAMPLES TEST_DATA "/../../config/examples"
#define OUTPUT_BYTES ((size_t)1 << 16)

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* The element whose member `key` is `name`, or NULL. */
static const json_t *find(const json_t *array, const char *key,
                          const char *name)
{
    const json_t *element;
    size_t i;

    json_array_foreach(array, i, element) if (strcmp(text_of(element, key),
                                                     name) == 0) return element;
    return NULL;
}

static const json_t *find_quota(const json_t *said, const char *name)
{
    const json_t *rule, *quota = NULL;
    size_t i;

    json_array_foreach(json_object_get(said, "rules"), i, rule) if (!quota)
        quota = find(json_object_get(rule, "quotas"), "quota", name);
    return quota;
}

static void expect_part(const char *why, const json_t *said,
                        const json_t *expected)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)expected, name, value)
    {
        const json_t *got = json_object_get(said, name);

        if (!json_equal(got, value))
            row_fail(why, "%s is %s", name,
                     got ? json_dumps(got, JSON_ENCODE_ANY) : "not said");
    }
}

static void expect_rules(const char *why, const json_t *said,
                         const json_t *expected)
{
    const char *name;
    json_t *result;

    json_object_foreach((json_t *)(uintptr_t)expected, name, result)
        row_equal_str(
            why,
            str_of(text_of(find(json_object_get(said, "rules"), "rule", name),
                           "result")),
            str_of(json_string_value(result)));
}

static void expect_quotas(const char *why, const json_t *said,
                          const json_t *expected)
{
    const char *name;
    json_t *part;

    json_object_foreach((json_t *)(uintptr_t)expected, name, part)
        expect_part(why, find_quota(said, name), part);
}

static void check_request(const char *path, const json_t *row, char *output)
{
    char *request =
        json_dumps(json_object_get(row, "request"), JSON_ENSURE_ASCII);
    const char *const arguments[] = { "--json", path, request, NULL };
    json_t *expected = json_copy(json_object_get(row, "expect"));
    const char *why = text_of(row, "why");
    json_t *said;

    row_true(why, json_object_size(expected) > 0);
    run_command(command_explain, arguments, NULL, output, OUTPUT_BYTES);
    said = json_loads(output, 0, NULL);
    if (!said)
        row_fail(why, "%s", output);
    expect_rules(why, said, json_object_get(expected, "rules"));
    expect_quotas(why, said, json_object_get(expected, "quotas"));
    json_object_del(expected, "rules");
    json_object_del(expected, "quotas");
    expect_part(why, said, expected);
    json_decref(said);
    json_decref(expected);
    free(request);
}

/* Returns how many requests there are. */
static unsigned check_example(const char *name, char *output)
{
    size_t stem = strlen(name) - strlen(".conf"), size = 0;
    char path[512], requests[512];
    char *line = NULL;
    unsigned count = 0;
    FILE *file;

    snprintf(path, sizeof(path), EXAMPLES "/%s", name);
    snprintf(requests, sizeof(requests), EXAMPLES "/%.*s.requests.jsonl",
             (int)stem, name);
    file = fopen(requests, "r");
    row_true(requests, file != NULL);
    while (getline(&line, &size, file) > 0) {
        json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        row_true(line, row != NULL);
        check_request(path, row, output);
        json_decref(row);
        count++;
    }
    free(line);
    fclose(file);
    return count;
}

static int is_example(const struct dirent *entry)
{
    return str_ends_with(str_of(entry->d_name), STR(".conf"));
}

static void test_examples(void **state)
{
    char *output = malloc(OUTPUT_BYTES);
    struct dirent **entries;
    int count = scandir(EXAMPLES, &entries, is_example, alphasort);

    (void)state;
    assert_non_null(output);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        row_true(entries[i]->d_name,
                 check_example(entries[i]->d_name, output) > 0);
        free(entries[i]);
    }
    free(entries);
    free(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
