/*
 * `sluice eval` as people and programs see it; and Mixer's own table of
 * expressions through `--batch`.
 */
#include "test/config/run_command.h"
#include "test/support/table.h"

#include "config/eval_command.h"

#include <jansson.h>
#include <math.h>

#define OUTPUT_BYTES ((size_t)1 << 20)

static const struct {
    const char *why;
    const char *arguments[ARGUMENTS_MAX + 1];
    const char *input;
    int status;
    const char *output; /* all of it; or, ended by "...", its beginning */
} rows[] = {
    { "a value and its type", { "1 + 1" }, NULL, 0, "2  (INT64)\n" },
    { "a string is shown as it is", { "'a\"b'" }, NULL, 0, "a\"b  (STRING)\n" },
    { "a duration as people write it",
      { "response.duration | '5400.5s'" },
      NULL,
      0,
      "1h30m0.5s  (DURATION)\n" },
    { "below a second",
      { "response.duration | '1500us'" },
      NULL,
      0,
      "1.5ms  (DURATION)\n" },
    { "negative",
      { "response.duration | '-1m'" },
      NULL,
      0,
      "-1m0s  (DURATION)\n" },
    { "a map",
      { "request.headers", "-a", "{\"request.headers\": {\"b\": \"2\"}}" },
      NULL,
      0,
      "{\"b\": \"2\"}  (STRING_MAP)\n" },
    { "attributes from standard input",
      { "request.size", "--attributes", "-" },
      "{\"request.size\": 42}",
      0,
      "42  (INT64)\n" },
    { "a typed attribute",
      { "request.size", "-a",
        "{\"request.size\": {\"type\": \"int64\", \"value\": \"42\"}}" },
      NULL,
      0,
      "42  (INT64)\n" },
    { "typed otherwise than declared: absent, as on the wire",
      { "request.size | 7", "-a",
        "{\"request.size\": {\"type\": \"string\", \"value\": \"42\"}}" },
      NULL,
      0,
      "7  (INT64)\n" },
    { "a map that looks like a typed attribute",
      { "request.headers['type']", "-a",
        "{\"request.headers\": {\"type\": \"string\", \"value\": \"x\"}}" },
      NULL,
      0,
      "string  (STRING)\n" },
    { "an instant",
      { "request.time", "-a",
        "{\"request.time\": \"2026-11-24T21:00:00.5Z\"}" },
      NULL,
      0,
      "2026-11-24T21:00:00.500000000Z  (TIMESTAMP)\n" },
    { "an address",
      { "source.ip", "-a", "{\"source.ip\": \"10.0.0.1\"}" },
      NULL,
      0,
      "10.0.0.1  (IP_ADDRESS)\n" },
    { "for programs",
      { "--json", "request.path | 'x'" },
      NULL,
      0,
      "{\"type\":\"STRING\",\"value\":\"x\",\"referenced\":[\"-request.path\"]"
      "}\n" },
    { "an integer beyond what a double holds",
      { "--json", "9007199254740993" },
      NULL,
      0,
      "{\"type\":\"INT64\",\"value\":\"9007199254740993\",\"referenced\":[]}"
      "\n" },
    { "no UTF-8",
      { "--json", "'a\\xffb'" },
      NULL,
      0,
      "{\"type\":\"STRING\",\"value\":\"a\xef\xbf\xbd"
      "b\",\"referenced\":[]}\n" },
    { "absent, with the place",
      { "true &&\n request.path == 'x'" },
      NULL,
      1,
      "error: attribute request.path is absent\n"
      "     request.path == 'x'\n"
      "     ^~~~~~~~~~~~\n" },
    { "absent, for programs",
      { "--json", "request.path" },
      NULL,
      1,
      "{\"error\":\"attribute request.path is absent\",\"where\":{\"offset\":0,"
      "\"length\":12}}\n" },
    { "a type error",
      { "request.path == 1" },
      NULL,
      1,
      "error: expected STRING as before '==', got INT64\n"
      "    request.path == 1\n"
      "                    ^\n" },
    { "a misspelt attribute in the expression",
      { "request.pth" },
      NULL,
      1,
      "error: unknown attribute request.pth, did you mean request.path\n..." },
    { "a misspelt attribute in the JSON",
      { "true", "-a", "{\"request.pth\": \"x\"}" },
      NULL,
      2,
      "sluice eval: unknown attribute request.pth, did you mean "
      "request.path\n" },
    { "of another type",
      { "true", "-a", "{\"request.size\": \"x\"}" },
      NULL,
      2,
      "sluice eval: request.size is INT64: a whole number, as 42\n" },
    { "a map of numbers",
      { "true", "-a", "{\"request.headers\": {\"a\": 1}}" },
      NULL,
      2,
      "sluice eval: request.headers is STRING_MAP: an object of strings\n" },
    { "no object",
      { "true", "-a", "[1]" },
      NULL,
      2,
      "sluice eval: the attributes must be an object\n" },
    { "no JSON", { "true", "-a", "{1}" }, NULL, 2, "sluice eval: the JSON..." },
    { "no file",
      { "true", "-a", "/nowhere/x.json" },
      NULL,
      2,
      "sluice eval: cannot read /nowhere/x.json: No such file or directory\n" },
    { "no expression", { NULL }, NULL, 2, "usage: ..." },
    { "two expressions", { "1", "2" }, NULL, 2, "usage: ..." },
    { "an expression and a batch",
      { "1", "--batch", "-" },
      NULL,
      2,
      "usage: ..." },
    { "help", { "--help" }, NULL, 0, "usage: ..." },
    { "a batch, with an error and an empty line",
      { "--batch", "-" },
      "{\"name\": \"a\", \"expr\": \"x + 1\", \"attrs\": {\"x\": 2}, "
      "\"attr_defs\": {\"x\": \"INT64\"}}\n"
      "\n"
      "{\"name\": 7, \"expr\": \"x\"}\n",
      0,
      "{\"name\":\"a\",\"type\":\"INT64\",\"value\":\"3\",\"referenced\":"
      "[\"x\"]}\n"
      "{\"name\":7,\"error\":\"unknown attribute x\",\"where\":{\"offset\":0,"
      "\"length\":1}}\n" },
    { "a case without attributes asks for the type",
      { "--batch", "-" },
      "{\"name\": \"a\", \"expr\": \"request.size == 1\"}",
      0,
      "{\"name\":\"a\",\"type\":\"BOOL\",\"value\":null,\"referenced\":"
      "[\"-request.size\"]}\n" },
    { "attributes that the case does not define are passed over",
      { "--batch", "-" },
      "{\"name\": \"a\", \"expr\": \"1\", \"attrs\": {\"y\": 1}, "
      "\"attr_defs\": {}}",
      0,
      "{\"name\":\"a\",\"type\":\"INT64\",\"value\":\"1\",\"referenced\":[]"
      "}\n" },
    { "a bad value in a batch",
      { "--batch", "-" },
      "{\"name\": \"a\", \"expr\": \"1\", \"attrs\": {\"request.size\": {}}}",
      0,
      "{\"name\":\"a\",\"error\":\"request.size is INT64: a whole number, as "
      "42\",\"where\":null}\n" },
    { "lines that are no cases",
      { "--batch", "-" },
      "{\"name\": \"a\"}\n{\"name\": \"b\", \"expr\": \"1\", \"attr_defs\": "
      "{\"x\": \"INT\"}}\n[",
      2,
      "{\"name\":\"a\",\"error\":\"a case is an object with \\\"expr\\\", a "
      "string\",\"where\":null}\n"
      "{\"name\":\"b\",\"error\":\"\\\"attr_defs\\\" is an object of names of "
      "types\",\"where\":null}\n"
      "{\"name\":null,\"error\":..." },
};

static bool is_expected(const char *output, const char *expected)
{
    size_t len = strlen(expected);

    if (len >= 3 && strcmp(expected + len - 3, "...") == 0)
        return strncmp(output, expected, len - 3) == 0;
    return strcmp(output, expected) == 0;
}

static void test_rows(void **state)
{
    char *output = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        row_equal_i64(rows[i].why,
                      run_command(command_eval, rows[i].arguments,
                                  rows[i].input, output, OUTPUT_BYTES),
                      rows[i].status);
        if (!is_expected(output, rows[i].output))
            row_fail(rows[i].why, "expected\n%s\ngot\n%s", rows[i].output,
                     output);
    }
}

/* ---- Mixer's table ----------------------------------------------------- */

struct counts {
    unsigned values, failures, types, skipped;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* Its text is a number on both sides: 10 is 10.0. */
static bool is_same(const json_t *got, const json_t *want)
{
    double a = json_number_value(got), b = json_number_value(want);

    if (json_is_number(got) && json_is_number(want))
        return a == b && signbit(a) == signbit(b);
    /* Mixer's empty map is null. */
    if (json_is_null(want))
        return json_is_object(got) && json_object_size(got) == 0;
    return json_equal(got, want);
}

static void check_value(const json_t *row, const json_t *answer,
                        struct counts *counts)
{
    const json_t *want = json_object_get(row, "want");
    const char *why = text_of(row, "expr"), *type = text_of(row, "type");

    if (type[0])
        row_equal_str(why, str_of(text_of(answer, "type")), str_of(type));
    counts->types++;
    if (!json_is_object(want))
        return;
    counts->values++;
    if (!is_same(json_object_get(answer, "value"),
                 json_object_get(want, "value")))
        row_fail(why, "the value differs: %s", text_of(answer, "value"));
}

static void check_answer(const json_t *row, const json_t *answer,
                         struct counts *counts)
{
    const char *why = text_of(row, "expr"), *error = text_of(answer, "error");

    row_true(why, json_equal(json_object_get(row, "name"),
                             json_object_get(answer, "name")));
    if (str_starts_with(str_of(error), STR("unknown function"))) {
        counts->skipped++;
    } else if (json_object_get(row, "compile_err") ||
               json_object_get(row, "want_err")) {
        row_true(why, json_is_object(json_object_get(answer, "where")));
        counts->failures++;
    } else if (error[0]) {
        row_fail(why, "%s", error);
    } else {
        check_value(row, answer, counts);
    }
}

static void test_mixer(void **state)
{
    static const char path[] = TEST_DATA "/mixer_expr_cases.jsonl";
    static const char *const arguments[] = { "--batch", path, NULL };
    char *output = *state, *answers = output, *line = NULL;
    struct counts counts = { 0 };
    FILE *file = fopen(path, "r");
    size_t size = 0;

    assert_non_null(file);
    assert_int_equal(
        run_command(command_eval, arguments, NULL, output, OUTPUT_BYTES), 0);
    while (getline(&line, &size, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        json_t *answer =
            json_loads(strsep(&answers, "\n"), JSON_DISABLE_EOF_CHECK, NULL);

        assert_non_null(row);
        assert_non_null(answer);
        check_answer(row, answer, &counts);
        json_decref(row);
        json_decref(answer);
    }
    assert_string_equal(answers, "");
    free(line);
    fclose(file);
    print_message("values %u, failures %u, types %u, without a function %u\n",
                  counts.values, counts.failures, counts.types, counts.skipped);
    assert_true(counts.values > 500);
    assert_true(counts.failures > 80);
}

static int make_output(void **state)
{
    *state = malloc(OUTPUT_BYTES);
    return *state ? 0 : -1;
}

static int free_output(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_mixer),
    };

    return cmocka_run_group_tests(tests, make_output, free_output);
}
