#include "test/support/table.h"

#include "policy/base/arena.h"
#include "proto/client/attribute_set.h"

struct fixture {
    struct vocabulary *vocabulary;
    struct arena arena;
    struct attribute_set set;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture.vocabulary = vocabulary_new();
    vocabulary_declare(fixture.vocabulary, STR("rate"), VALUE_DOUBLE);
    arena_init(&fixture.arena, 0);
    attribute_set_init(&fixture.set, fixture.vocabulary, &fixture.arena);
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

static const struct {
    const char *why;
    struct str text;
    const char *name;
    enum value_type type;
    const char *value; /* as value_text */
} good_rows[] = {
    { "string", STR_INIT("request.path=/a=b"), "request.path", VALUE_STRING,
      "/a=b" },
    { "empty string", STR_INIT("request.path="), "request.path", VALUE_STRING,
      "" },
    { "int64", STR_INIT("request.size=-42"), "request.size", VALUE_INT64,
      "-42" },
    { "the largest", STR_INIT("request.size=9223372036854775807"),
      "request.size", VALUE_INT64, "9223372036854775807" },
    { "double", STR_INIT("rate=2.5e-1"), "rate", VALUE_DOUBLE, "0.25" },
    { "bool", STR_INIT("connection.mtls=true"), "connection.mtls", VALUE_BOOL,
      "true" },
    { "the other", STR_INIT("connection.mtls=false"), "connection.mtls",
      VALUE_BOOL, "false" },
    { "IPv4", STR_INIT("source.ip=10.0.0.1"), "source.ip", VALUE_IP_ADDRESS,
      "10.0.0.1" },
    { "IPv6", STR_INIT("source.ip=fe80::1"), "source.ip", VALUE_IP_ADDRESS,
      "fe80::1" },
    { "timestamp", STR_INIT("request.time=1970-01-02T01:00:00+01:00"),
      "request.time", VALUE_TIMESTAMP, "1970-01-02T00:00:00Z" },
    { "duration", STR_INIT("response.duration=1.5ms"), "response.duration",
      VALUE_DURATION, "1500000ns" },
    { "an unknown name is a string", STR_INIT("user.tier=5"), "user.tier",
      VALUE_STRING, "5" },
};

static void test_values(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(good_rows); i++) {
        const char *why = good_rows[i].why;
        const struct mixer_attribute *added;
        struct str reason;

        attribute_set_init(&fixture->set, fixture->vocabulary, &fixture->arena);
        row_true(why,
                 attribute_set_add(&fixture->set, good_rows[i].text, &reason));
        row_equal_i64(why, fixture->set.count, 1);
        added = &fixture->set.items[0];
        row_equal_str(why, added->name, str_of(good_rows[i].name));
        row_equal_i64(why, added->value.type, good_rows[i].type);
        row_equal_str(why, value_text(&added->value, &fixture->arena),
                      str_of(good_rows[i].value));
    }
}

static const struct {
    const char *why;
    struct str text;
    const char *reason;
} bad_rows[] = {
    { "nothing", STR_INIT(""), "it must be NAME=VALUE or NAME[KEY]=VALUE" },
    { "no value", STR_INIT("request.path"),
      "it must be NAME=VALUE or NAME[KEY]=VALUE" },
    { "no name", STR_INIT("=x"), "it must be NAME=VALUE or NAME[KEY]=VALUE" },
    { "a key that is not closed", STR_INIT("request.headers[a=b"),
      "it must be NAME=VALUE or NAME[KEY]=VALUE" },
    { "a key without a value", STR_INIT("request.headers[a]"),
      "it must be NAME=VALUE or NAME[KEY]=VALUE" },
    { "a map without a key", STR_INIT("request.headers=x"),
      "request.headers is STRING_MAP, a map: NAME[KEY]=VALUE" },
    { "a key of no map", STR_INIT("request.path[a]=x"),
      "request.path is STRING, a text: NAME=VALUE" },
    { "no int64", STR_INIT("request.size=1.5"),
      "request.size is INT64, a whole number, as 42" },
    { "an empty int64", STR_INIT("request.size="),
      "request.size is INT64, a whole number, as 42" },
    { "spaces", STR_INIT("request.size= 1"),
      "request.size is INT64, a whole number, as 42" },
    { "too large", STR_INIT("request.size=9223372036854775808"),
      "request.size is INT64, a whole number, as 42" },
    { "no double", STR_INIT("rate=inf"), "rate is DOUBLE, a number, as 0.5" },
    { "an endless double", STR_INIT("rate=1e999"),
      "rate is DOUBLE, a number, as 0.5" },
    { "no bool", STR_INIT("connection.mtls=yes"),
      "connection.mtls is BOOL, true or false" },
    { "no address", STR_INIT("source.ip=10.0.0.0/8"),
      "source.ip is IP_ADDRESS, an IP address, as 10.0.0.1 or fe80::1" },
    { "no time", STR_INIT("request.time=now"),
      "request.time is TIMESTAMP, a time, as 2026-11-24T21:00:00Z" },
    { "no duration", STR_INIT("response.duration=5"),
      "response.duration is DURATION, a duration, as 1.5s or 2m30s" },
};

static void test_mistakes(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(bad_rows); i++) {
        struct str reason;

        row_true(bad_rows[i].why,
                 !attribute_set_add(&fixture->set, bad_rows[i].text, &reason));
        row_equal_str(bad_rows[i].why, reason, str_of(bad_rows[i].reason));
    }
    row_equal_i64("nothing was added", fixture->set.count, 0);
}

static void add(struct fixture *fixture, struct str text)
{
    struct str reason;

    row_true(text.data, attribute_set_add(&fixture->set, text, &reason));
}

static void test_maps_grow(void **state)
{
    static const struct {
        const char *why;
        struct string_pair pair;
    } rows[] = {
        { "a key that looks like a value", { STR_INIT("a=b"), STR_INIT("1") } },
        { "an empty key", { STR_INIT(""), STR_INIT("2") } },
        { "brackets in a value", { STR_INIT("c"), STR_INIT("x]=y") } },
        { "the last of equal keys",
          { STR_INIT("x-version"), STR_INIT("green") } },
    };
    struct fixture *fixture = *state;
    const struct string_map *map;

    add(fixture, STR("request.headers[x-version]=blue"));
    add(fixture, STR("request.headers[a=b]=1"));
    add(fixture, STR("request.headers[]=2"));
    add(fixture, STR("request.headers[c]=x]=y"));
    add(fixture, STR("request.headers[x-version]=green"));
    add(fixture, STR("unknown[key]=value"));
    assert_int_equal(fixture->set.count, 2);
    map = fixture->set.items[0].value.map;
    assert_int_equal(map->count, ROWS(rows));
    for (size_t i = 0; i < ROWS(rows); i++) {
        row_equal_str(rows[i].why, map->pairs[i].key, rows[i].pair.key);
        row_equal_str(rows[i].why, map->pairs[i].value, rows[i].pair.value);
    }
    assert_int_equal(fixture->set.items[1].value.type, VALUE_STRING_MAP);
}

static void test_the_last_of_equal_names_counts(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 40; i++)
        add(fixture, arena_printf(&fixture->arena, "name-%d=%d", i % 20, i));
    assert_int_equal(fixture->set.count, 20);
    row_equal_str("replaced", fixture->set.items[0].value.string, STR("20"));
    row_equal_str("replaced", fixture->set.items[19].value.string, STR("39"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_values),
        TEST(test_mistakes),
        TEST(test_maps_grow),
        TEST(test_the_last_of_equal_names_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
