/*
 * The examples of docs/expressions.md, between "```expr" and "```":
 *   given JSON                     the attributes that are present
 *   EXPRESSION => JSON             its value
 *   EXPRESSION => absent NAME      that attribute is absent
 *   EXPRESSION => failed: MESSAGE  it could not be evaluated
 *   EXPRESSION => error: MESSAGE   it does not compile
 */
#include "test/support/table.h"

#include "policy/expr/code.h"
#include "policy/expr/duration.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT TEST_DATA "/../../docs/expressions.md"

/* One example; all of its memory is the arena's. */
struct example {
    const char *expr, *want;
    const json_t *given;
    struct arena arena;
    struct vocabulary *vocabulary;
    struct bag bag;
};

static struct str text_value(const json_t *json)
{
    return (struct str){ json_string_value(json), json_string_length(json) };
}

static struct value map_value(const json_t *json, struct arena *arena)
{
    struct string_map *map = arena_calloc(arena, 1, sizeof(*map));
    struct string_pair *pairs =
        arena_calloc(arena, json_object_size(json), sizeof(*pairs));
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, key, value)
        pairs[map->count++] =
            (struct string_pair){ str_of(key), text_value(value) };
    map->pairs = pairs;
    return (struct value){ .type = VALUE_STRING_MAP, .map = map };
}

static struct value given_value(const json_t *json, enum value_type type,
                                struct arena *arena)
{
    struct value value = { .type = type };

    if (type == VALUE_STRING)
        value.string = text_value(json);
    else if (type == VALUE_INT64)
        value.int64 = json_integer_value(json);
    else if (type == VALUE_BOOL)
        value.boolean = json_is_true(json);
    else if (type == VALUE_DURATION)
        assert_true(duration_parse(text_value(json), &value.duration_ns));
    else if (type == VALUE_IP_ADDRESS)
        assert_true(ip_parse(text_value(json), &value.ip));
    else if (type == VALUE_STRING_MAP)
        value = map_value(json, arena);
    else
        fail_msg("no examples with %s", value_type_name(type));
    return value;
}

static void fill_bag(struct example *example)
{
    const char *name;
    json_t *value;

    assert_true(bag_init(&example->bag, example->vocabulary, &example->arena));
    json_object_foreach((json_t *)(uintptr_t)example->given, name, value)
    {
        uint32_t id = vocabulary_id(example->vocabulary, str_of(name));
        enum value_type type =
            vocabulary_type(example->vocabulary, str_of(name));

        row_true(name, type != VALUE_NONE);
        if (id != ATTR_NONE)
            bag_set(&example->bag, id,
                    given_value(value, type, &example->arena));
    }
}

/* As the document writes it. */
static struct str show_value(struct example *example, const struct value *value)
{
    json_t *json;
    char *dump;
    struct str shown;

    if (value->type == VALUE_BOOL)
        return value->boolean ? STR("true") : STR("false");
    if (value->type == VALUE_INT64)
        return arena_printf(&example->arena, "%" PRId64, value->int64);
    assert_int_equal(value->type, VALUE_STRING);
    json = json_stringn(value->string.data, value->string.len);
    dump = json_dumps(json, JSON_ENCODE_ANY);
    shown = arena_copy(&example->arena, str_of(dump));
    free(dump);
    json_decref(json);
    return shown;
}

/* A JSON value written in the one way in which show_value writes it. */
static struct str normalise(struct example *example, struct str text)
{
    json_t *json = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
    char *dump = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
    struct str shown = dump ? arena_copy(&example->arena, str_of(dump)) : text;

    free(dump);
    json_decref(json);
    return shown;
}

static struct str result_of(struct example *example)
{
    struct expr_error expr_error;
    struct eval_error error;
    struct value value;
    const struct code *code =
        code_compile(str_of(example->expr), VALUE_NONE, example->vocabulary,
                     &example->arena, &expr_error);

    if (!code)
        return arena_printf(&example->arena, "error: %s", expr_error.message);
    fill_bag(example);
    switch (code_eval(code, &example->bag, &value, &error)) {
    case EVAL_OK:
        return show_value(example, &value);
    case EVAL_ABSENT:
        return arena_printf(
            &example->arena, "absent %.*s",
            STR_ARG(vocabulary_name(example->vocabulary, error.attribute)));
    case EVAL_ERROR:
        return arena_printf(&example->arena, "failed: %s", error.message);
    }
    return STR("");
}

static void check_example(char *line, const json_t *given)
{
    struct example example = { .expr = line, .given = given };
    char *arrow = strstr(line, " => ");

    if (!arrow)
        row_fail(line, "no \" => \" in it");
    *arrow = '\0';
    arena_init(&example.arena, 0);
    example.vocabulary = vocabulary_new();
    row_equal_str(line, result_of(&example),
                  normalise(&example, str_of(arrow + 4)));
    vocabulary_free(example.vocabulary);
    arena_fini(&example.arena);
}

static void test_examples(void **state)
{
    FILE *file = fopen(DOCUMENT, "r");
    bool is_example = false;
    json_t *given = NULL;
    unsigned count = 0;
    char *line = NULL;
    size_t size = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (str_starts_with(str_of(line), STR("```"))) {
            is_example = strcmp(line, "```expr") == 0;
        } else if (is_example && strncmp(line, "given ", 6) == 0) {
            json_decref(given);
            given = json_loads(line + 6, 0, NULL);
            row_true(line, given != NULL);
        } else if (is_example) {
            check_example(line, given);
            count++;
        }
    }
    json_decref(given);
    free(line);
    fclose(file);
    assert_true(count > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
