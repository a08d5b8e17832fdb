/*
 * Mixer's own tables of expressions: test/data/mixer_expr_cases.jsonl and
 * mixer_expr_extern_cases.jsonl. Every row is run. Whether it compiles, its
 * type, value or error, and what was read must be Mixer's; the few rows that
 * differ stand in `departures`, with what differs and why, and the rest of such
 * a row still holds.
 */
#include "test/support/table.h"

#include "policy/expr/code.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What can differ, as bits. */
enum aspect {
    ASPECT_COMPILES = 1,
    ASPECT_TYPE = 2,
    ASPECT_VALUE = 4,
    ASPECT_ERROR = 8,
    ASPECT_REFERENCES = 16,
};

static const char only_keys[] = "of a map only the keys read are recorded, as "
                                "Mixer itself does on the wire";
static const char mistyped[] = "a mistyped attribute is absent";
static const char own_function[] = "calls a function that Mixer's test adds";

static const struct {
    const char *version, *expr;
    json_int_t index; /* of the row, as the same expression may come again */
    unsigned aspects;
    const char *reason;
} departures[] = {
    { "1.7.8", "match(service.name, \"*.ns1.cluster\")", 39,
      ASPECT_ERROR | ASPECT_REFERENCES, mistyped },
    { "1.0.2", "match(service.name, \"*.ns1.cluster\")", 36, ASPECT_ERROR,
      mistyped },
    { "1.7.8", "request.header[headername] == \"aaa\"", 35, ASPECT_REFERENCES,
      only_keys },
    { "1.0.2", "request.header[headername] == \"aaa\"", 32, ASPECT_REFERENCES,
      only_keys },
    { "1.7.8", "ar[abc] | \"foo\"", 209, ASPECT_REFERENCES, only_keys },
    { "1.0.2", "ar[as] | \"foo\"", 206, ASPECT_REFERENCES, only_keys },
    { "1.7.8", "reverse(abc)", 271, ASPECT_COMPILES, own_function },
    { "1.7.8", "abc.reverse()", 354, ASPECT_COMPILES, own_function },
    { "1.0.2", "reverse(as)", 256, ASPECT_COMPILES, own_function },
    { "1.0.2", "as.reverse()", 257, ASPECT_COMPILES, own_function },
    { "1.7.8", "fn1()", 11, ASPECT_COMPILES, own_function },
    { "1.7.8", "fn2(true)", 12, ASPECT_COMPILES, own_function },
    { "1.7.8", "text.prefix(3).startswith(str)", 17, ASPECT_COMPILES,
      own_function },
    { "1.7.8", "\"abc\".genericEquals(\"cba\")", 19, ASPECT_COMPILES,
      own_function },
};

struct counts {
    unsigned run, departed;
};

/* One row, set up. */
struct row {
    const json_t *json;
    const char *why;
    struct arena arena;
    struct vocabulary *vocabulary;
    struct refs refs;
    struct bag bag;
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct str text_value(const json_t *json)
{
    return (struct str){ json_string_value(json), json_string_length(json) };
}

/* Values ----------------------------------------------------------------- */

static struct instant parse_instant(const char *text)
{
    struct tm utc = { 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc);

    assert_non_null(end);
    assert_string_equal(end, "");
    return (struct instant){ timegm(&utc), 0 };
}

static const struct string_map *parse_map(const json_t *json,
                                          struct arena *arena)
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
    return map;
}

/* {"type": ..., "value": ...} */
static struct value parse_value(const json_t *json, struct arena *arena)
{
    struct str type = text_value(json_object_get(json, "type"));
    const json_t *value = json_object_get(json, "value");
    struct value out = { 0 };

    if (str_eq(type, STR("string"))) {
        out.type = VALUE_STRING;
        out.string = text_value(value);
    } else if (str_eq(type, STR("int64")) || str_eq(type, STR("go_int"))) {
        out.type = VALUE_INT64;
        out.int64 = strtoll(json_string_value(value), NULL, 10);
    } else if (str_eq(type, STR("double"))) {
        out.type = VALUE_DOUBLE;
        out.number = json_number_value(value);
    } else if (str_eq(type, STR("bool"))) {
        out.type = VALUE_BOOL;
        out.boolean = json_is_true(value);
    } else if (str_eq(type, STR("timestamp"))) {
        out.type = VALUE_TIMESTAMP;
        out.instant = parse_instant(json_string_value(value));
    } else if (str_eq(type, STR("duration"))) {
        out.type = VALUE_DURATION;
        out.duration_ns = strtoll(text_of(json, "ns"), NULL, 10);
    } else if (str_eq(type, STR("ip_address"))) {
        out.type = VALUE_IP_ADDRESS;
        assert_true(ip_parse(text_value(value), &out.ip));
    } else if (str_eq(type, STR("string_map"))) {
        out.type = VALUE_STRING_MAP;
        out.map = parse_map(value, arena);
    } else {
        fail_msg("type %.*s", STR_ARG(type));
    }
    return out;
}

static bool is_same_map(const struct string_map *a, const struct string_map *b)
{
    bool is_same = a->count == b->count;

    for (uint32_t i = 0; is_same && i < a->count; i++)
        is_same = str_eq(a->pairs[i].key, b->pairs[i].key) &&
                  str_eq(a->pairs[i].value, b->pairs[i].value);
    return is_same;
}

static bool is_same_value(const struct value *got, const struct value *want)
{
    switch (got->type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return want->type == VALUE_STRING && str_eq(got->string, want->string);
    case VALUE_INT64:
    case VALUE_DURATION:
        return got->type == want->type && got->int64 == want->int64;
    case VALUE_DOUBLE:
        return got->type == want->type && !(got->number < want->number) &&
               !(got->number > want->number);
    case VALUE_BOOL:
        return got->type == want->type && got->boolean == want->boolean;
    case VALUE_TIMESTAMP:
        return got->type == want->type &&
               got->instant.seconds == want->instant.seconds &&
               got->instant.nanos == want->instant.nanos;
    case VALUE_IP_ADDRESS:
        return got->type == want->type &&
               memcmp(&got->ip, &want->ip, sizeof(got->ip)) == 0;
    case VALUE_STRING_MAP:
        return got->type == want->type && is_same_map(got->map, want->map);
    case VALUE_NONE:
        return false;
    }
    return false;
}

/* References ------------------------------------------------------------- */

static void add_reference(json_t *set, bool present, bool is_signed,
                          struct str name, struct str key)
{
    char text[256];

    snprintf(text, sizeof(text), key.data ? "%s%.*s[%.*s]" : "%s%.*s%.*s",
             present || !is_signed ? "" : "-", STR_ARG(name), (int)key.len,
             key.data ? key.data : "");
    json_object_set_new(set, text, json_true());
}

/* What the bag recorded, in Mixer's notation: a key also stands for its map;
 * "-": absent, which 1.0.2 did not tell. */
static json_t *references_of(const struct row *row)
{
    bool is_signed = strcmp(text_of(row->json, "version"), "1.0.2") != 0;
    json_t *set = json_object();

    for (uint32_t i = 0; i < row->refs.count; i++) {
        const struct ref *ref = &row->refs.items[i];
        struct str name = vocabulary_name(row->vocabulary, ref->attribute);

        add_reference(set, ref->present, is_signed, name, ref->key);
        if (ref->key.data)
            add_reference(set, true, is_signed, name, (struct str){ 0 });
    }
    return set;
}

static bool has_wanted_references(const struct row *row)
{
    const json_t *want = json_object_get(row->json, "referenced");
    json_t *got = references_of(row), *name;
    json_t *wanted = json_object();
    bool is_same;
    size_t i;

    if (!want)
        want = json_object_get(row->json, "referenced_observed");
    json_array_foreach(want, i, name)
        json_object_set_new(wanted, json_string_value(name), json_true());
    is_same = !want || json_equal(got, wanted);
    json_decref(got);
    json_decref(wanted);
    return is_same;
}

/* Rows ------------------------------------------------------------------- */

/* Its index in `departures`, or their number. */
static size_t departure_of(const struct row *row)
{
    const char *version = text_of(row->json, "version");
    json_int_t index = json_integer_value(json_object_get(row->json, "index"));
    size_t i = 0;

    while (i < ROWS(departures) &&
           (strcmp(departures[i].version, version) != 0 ||
            strcmp(departures[i].expr, row->why) != 0 ||
            departures[i].index != index))
        i++;
    return i;
}

static void declare_attributes(struct row *row)
{
    const char *name;
    json_t *type;

    json_object_foreach(json_object_get(row->json, "attr_defs"), name, type)
    {
        enum value_type value_type = value_type_parse(text_value(type));

        row_true(row->why, value_type != VALUE_NONE);
        vocabulary_declare(row->vocabulary, str_of(name), value_type);
    }
}

static void fill_bag(struct row *row)
{
    const char *name;
    json_t *value;

    assert_true(bag_init(&row->bag, row->vocabulary, &row->arena));
    refs_init(&row->refs, &row->arena);
    row->bag.refs = &row->refs;
    json_object_foreach(json_object_get(row->json, "attrs"), name, value)
    {
        uint32_t id = vocabulary_id(row->vocabulary, str_of(name));

        if (id != ATTR_NONE)
            bag_set(&row->bag, id, parse_value(value, &row->arena));
    }
}

/* Is it the error that Mixer observed: the same attribute absent, or one of
 * another kind? */
static bool has_wanted_error(const struct row *row,
                             const struct eval_error *error)
{
    struct str observed = str_of(text_of(row->json, "observed_err"));
    struct str lookup = STR("lookup failed: '");
    struct str name;

    if (!str_starts_with(observed, lookup))
        return error->status == EVAL_ERROR;
    if (error->status != EVAL_ABSENT)
        return false;
    observed = str_skip(observed, lookup.len);
    name = vocabulary_name(row->vocabulary, error->attribute);
    return str_starts_with(observed, name) && observed.data[name.len] == '\'';
}

/* What of value, error and references is not as wanted. */
static unsigned differences_in_outcome(struct row *row, const struct code *code)
{
    const json_t *want = json_object_get(row->json, "want");
    bool is_error = json_object_get(row->json, "observed_err") != NULL;
    struct eval_error error;
    unsigned aspects = 0;
    struct value got;
    enum eval_status status = code_eval(code, &row->bag, &got, &error);

    if (is_error != (status != EVAL_OK) ||
        (is_error && !has_wanted_error(row, &error)))
        aspects |= ASPECT_ERROR;
    if (status == EVAL_OK && got.type != code_type(code))
        aspects |= ASPECT_TYPE;
    if (json_is_object(want)) {
        struct value value = parse_value(want, &row->arena);

        if (status != EVAL_OK || !is_same_value(&got, &value))
            aspects |= ASPECT_VALUE;
    }
    if (!has_wanted_references(row))
        aspects |= ASPECT_REFERENCES;
    return aspects;
}

static unsigned differences_of(struct row *row)
{
    const char *type = text_of(row->json, "type");
    bool is_refused = json_object_get(row->json, "compile_err") != NULL;
    unsigned aspects = 0;
    struct expr_error error;
    const struct code *code;

    declare_attributes(row);
    code = code_compile(str_of(row->why), VALUE_NONE, row->vocabulary,
                        &row->arena, &error);
    if (is_refused != (code == NULL))
        return ASPECT_COMPILES;
    if (!code)
        return 0;
    if (type && strcmp(value_type_name(code_type(code)), type) != 0)
        aspects |= ASPECT_TYPE;
    if (!json_object_get(row->json, "attrs"))
        return aspects;
    fill_bag(row);
    return aspects | differences_in_outcome(row, code);
}

static void run_row(struct row *row, struct counts *counts)
{
    size_t departure = departure_of(row);
    bool departs = departure < ROWS(departures);

    row_equal_i64(text_of(row->json, "name"), differences_of(row),
                  departs ? departures[departure].aspects : 0);
    counts->run++;
    if (departs) {
        counts->departed++;
        print_message("departs: %s: %s\n", row->why,
                      departures[departure].reason);
    }
}

static struct counts run_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct counts counts = { 0 };
    char *line = NULL;
    size_t size = 0;

    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        json_t *json = json_loads(line, 0, NULL);
        struct row row = { .json = json, .why = text_of(json, "expr") };

        assert_non_null(json);
        arena_init(&row.arena, 0);
        row.vocabulary = vocabulary_new_empty();
        run_row(&row, &counts);
        vocabulary_free(row.vocabulary);
        arena_fini(&row.arena);
        json_decref(json);
    }
    free(line);
    fclose(file);
    return counts;
}

static void test_language(void **state)
{
    struct counts counts = run_file(TEST_DATA "/mixer_expr_cases.jsonl");

    (void)state;
    assert_int_equal(counts.run, 783);
    assert_int_equal(counts.departed, ROWS(departures));
}

static void test_functions(void **state)
{
    struct counts counts = run_file(TEST_DATA "/mixer_expr_extern_cases.jsonl");

    (void)state;
    assert_int_equal(counts.run, 112);
    assert_int_equal(counts.departed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
