/*
 * Mixer's own tables of expressions: test/data/mixer_expr_cases.jsonl.
 * A row is left out only if the compiler says that it needs a function which
 * the language does not have yet; where the language departs from Mixer on
 * purpose, the row stands in `departures` and the rest of it still holds.
 */
#include "test/support/table.h"

#include "policy/expr/code.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of Mixer, or of the test that a row comes from; not of this language. */
static const char *const missing_functions[] = {
    "toLower", "dnsName", "email",  "uri",        "reverse",
    "fn1",     "fn2",     "prefix", "startswith", "genericEquals",
};

/* Rows whose references are others, on purpose; the rest of them holds. */
static const char only_keys[] = "of a map only the keys read are recorded, as "
                                "Mixer itself does on the wire";

static const struct {
    const char *version, *expr;
    json_int_t index; /* of the row, as the same expression may come again */
    const char *reason;
} departures[] = {
    { "1.7.8", "match(service.name, \"*.ns1.cluster\")", 39,
      "a mistyped attribute is absent" },
    { "1.7.8", "request.header[headername] == \"aaa\"", 35, only_keys },
    { "1.0.2", "request.header[headername] == \"aaa\"", 32, only_keys },
    { "1.7.8", "ar[abc] | \"foo\"", 209, only_keys },
    { "1.0.2", "ar[as] | \"foo\"", 206, only_keys },
};

struct counts {
    unsigned run, skipped, departed;
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
    char zone = '\0';
    int fields =
        sscanf(text, "%d-%d-%dT%d:%d:%d%c", &utc.tm_year, &utc.tm_mon,
               &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &zone);

    assert_int_equal(fields, 7);
    assert_int_equal(zone, 'Z');
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
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

/* The reason why the row departs, or NULL. */
static const char *departure_of(const struct row *row)
{
    const char *version = text_of(row->json, "version");
    json_int_t index = json_integer_value(json_object_get(row->json, "index"));

    for (size_t i = 0; i < ROWS(departures); i++)
        if (strcmp(departures[i].version, version) == 0 &&
            strcmp(departures[i].expr, row->why) == 0 &&
            departures[i].index == index)
            return departures[i].reason;
    return NULL;
}

static bool needs_missing_function(const struct expr_error *error)
{
    struct str prefix = STR("unknown function: ");
    struct str message = str_of(error->message);

    if (!str_starts_with(message, prefix))
        return false;
    message = str_skip(message, prefix.len);
    message.len = strcspn(message.data, ",");
    for (size_t i = 0; i < ROWS(missing_functions); i++)
        if (str_eq(message, str_of(missing_functions[i])))
            return true;
    return false;
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

static void check_outcome(struct row *row, const struct code *code)
{
    const json_t *want = json_object_get(row->json, "want");
    struct eval_error error;
    struct value got;
    enum eval_status status = code_eval(code, &row->bag, &got, &error);

    if (json_object_get(row->json, "want_err")) {
        row_true(row->why, status != EVAL_OK);
    } else {
        row_equal_i64(row->why, status, EVAL_OK);
        row_equal_i64(row->why, got.type, code_type(code));
    }
    if (json_is_object(want)) {
        struct value value = parse_value(want, &row->arena);

        row_true(row->why, is_same_value(&got, &value));
    }
}

static void run_row(struct row *row, struct counts *counts)
{
    const char *type = text_of(row->json, "type");
    const char *reason = departure_of(row);
    struct expr_error error;
    const struct code *code;

    declare_attributes(row);
    code = code_compile(str_of(row->why), VALUE_NONE, row->vocabulary,
                        &row->arena, &error);
    if (!code && needs_missing_function(&error)) {
        counts->skipped++;
        return;
    }
    counts->run++;
    if (json_object_get(row->json, "compile_err")) {
        row_true(row->why, !code);
        return;
    }
    if (!code)
        row_fail(row->why, "%s", error.message);
    if (type)
        row_equal_str(row->why, str_of(value_type_name(code_type(code))),
                      str_of(type));
    if (!json_object_get(row->json, "attrs"))
        return;
    fill_bag(row);
    check_outcome(row, code);
    row_true(row->why, has_wanted_references(row) == (reason == NULL));
    if (reason) {
        counts->departed++;
        print_message("departs: %s: %s\n", row->why, reason);
    }
}

static void test_rows(void **state)
{
    FILE *file = fopen(TEST_DATA "/mixer_expr_cases.jsonl", "r");
    struct counts counts = { 0 };
    char *line = NULL;
    size_t size = 0;

    (void)state;
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
    print_message("run %u, of these departed %u; skipped by function %u\n",
                  counts.run, counts.departed, counts.skipped);
    assert_int_equal(counts.departed, ROWS(departures));
    assert_int_equal(counts.run + counts.skipped, 783);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
