#include "test/support/table.h"

#include "policy/attr/bag.h"
#include "policy/attr/value.h"
#include "policy/attr/vocabulary.h"

static void types_have_names(void **state)
{
    (void)state;
#define X(name, number)                                                        \
    row_equal_i64(#name, value_type_parse(STR(#name)), number);                \
    row_equal_str(#name, str_of(value_type_name(VALUE_##name)), STR(#name));
    VALUE_TYPES(X)
#undef X
    row_equal_i64("unknown", value_type_parse(STR("INT32")), VALUE_NONE);
}

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *written; /* NULL: no address */
    } rows[] = {
        { "10.0.0.1", "10.0.0.1" },
        { "::ffff:10.0.0.1", "10.0.0.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "::", "::" },
        { "010.0.0.1", NULL },
        { "10.0.0", NULL },
        { "10.0.0.1/8", NULL },
        { "fe80::1%eth0", NULL },
        { "", NULL },
        { "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[IP_TEXT_SIZE];
        struct ip ip;
        bool ok = ip_parse(str_of(rows[i].text), &ip);

        row_equal_i64(rows[i].text, ok, rows[i].written != NULL);
        if (ok) {
            ip_format(&ip, text);
            row_equal_str(rows[i].text, str_of(text), str_of(rows[i].written));
        }
    }
    assert_false(ip_parse((struct str){ "1.2.3.4\0x", 9 }, &(struct ip){ 0 }));
}

static void values_have_texts(void **state)
{
    const struct {
        const char *why;
        struct value value;
        const char *text;
    } rows[] = {
        { "string", { VALUE_STRING, .string = STR("a b") }, "a b" },
        { "empty", { VALUE_STRING, .string = { 0 } }, "" },
        { "int", { VALUE_INT64, .int64 = INT64_MIN }, "-9223372036854775808" },
        { "bool", { VALUE_BOOL, .boolean = true }, "true" },
        { "double", { VALUE_DOUBLE, .number = 0.5 }, "0.5" },
        { "duration", { VALUE_DURATION, .duration_ns = 1500 }, "1500ns" },
        { "instant",
          { VALUE_TIMESTAMP, .instant = { 86400, 0 } },
          "1970-01-02T00:00:00Z" },
        { "instant of the year 1",
          { VALUE_TIMESTAMP, .instant = { -62135596800, 0 } },
          "0001-01-01T00:00:00Z" },
        { "instant with a fraction",
          { VALUE_TIMESTAMP, .instant = { 0, 500 } },
          "1970-01-01T00:00:00.000000500Z" },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_str(rows[i].why, value_text(&rows[i].value, &arena),
                      str_of(rows[i].text));
    arena_fini(&arena);
}

static void only_used_attributes_have_an_id(void **state)
{
    struct vocabulary *vocabulary = vocabulary_new();
    uint32_t id;

    (void)state;
    assert_int_equal(vocabulary_type(vocabulary, STR("source.ip")),
                     VALUE_IP_ADDRESS);
    assert_int_equal(vocabulary_type(vocabulary, STR("request.headers")),
                     VALUE_STRING_MAP);
    assert_int_equal(vocabulary_id(vocabulary, STR("source.ip")), ATTR_NONE);
    id = vocabulary_use(vocabulary, STR("source.ip"));
    assert_int_equal(id, 0);
    assert_int_equal(vocabulary_use(vocabulary, STR("source.ip")), id);
    assert_int_equal(vocabulary_id(vocabulary, STR("source.ip")), id);
    assert_int_equal(vocabulary_use(vocabulary, STR("nobody")), ATTR_NONE);
    assert_int_equal(vocabulary_count(vocabulary), 1);
    assert_true(vocabulary_declare(vocabulary, STR("user.tier"), VALUE_STRING));
    assert_true(vocabulary_declare(vocabulary, STR("user.tier"), VALUE_STRING));
    assert_false(vocabulary_declare(vocabulary, STR("user.tier"), VALUE_BOOL));
    row_equal_str("near", vocabulary_nearest(vocabulary, STR("request.header")),
                  STR("request.headers"));
    row_equal_str("far", vocabulary_nearest(vocabulary, STR("x")),
                  (struct str){ 0 });
    vocabulary_free(vocabulary);
    vocabulary_free(NULL);
}

static void a_bag_takes_what_fits_the_declaration(void **state)
{
    const struct {
        const char *why, *name;
        struct value sent;
        enum value_type kept; /* VALUE_NONE: counts as absent */
    } rows[] = {
        { "as declared",
          "request.path",
          { VALUE_STRING, .string = STR("/") },
          VALUE_STRING },
        { "int for a string",
          "request.path",
          { VALUE_INT64, .int64 = 1 },
          VALUE_NONE },
        { "string for a map",
          "request.headers",
          { VALUE_STRING, .string = STR("x") },
          VALUE_NONE },
        { "int for a duration",
          "response.duration",
          { VALUE_INT64, .int64 = 7 },
          VALUE_DURATION },
        { "duration for an int",
          "request.size",
          { VALUE_DURATION, .duration_ns = 7 },
          VALUE_INT64 },
        { "bool for an address",
          "source.ip",
          { VALUE_BOOL, .boolean = true },
          VALUE_NONE },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct vocabulary *vocabulary = vocabulary_new();
        uint32_t id = vocabulary_use(vocabulary, str_of(rows[i].name));
        struct arena arena;
        struct bag bag;
        const struct value *kept;

        arena_init(&arena, 0);
        assert_true(bag_init(&bag, vocabulary, &arena));
        bag_set(&bag, id, rows[i].sent);
        kept = bag_get(&bag, id);
        row_equal_i64(rows[i].why, kept ? kept->type : VALUE_NONE,
                      rows[i].kept);
        row_equal_i64(rows[i].why, bag.mistyped_count,
                      rows[i].kept == VALUE_NONE);
        arena_fini(&arena);
        vocabulary_free(vocabulary);
    }
}

static void reading_is_recorded_once(void **state)
{
    const struct string_pair pairs[] = { { STR("k"), STR("v") },
                                         { STR(""), STR("empty") } };
    const struct string_map map = { pairs, 2 };
    struct vocabulary *vocabulary = vocabulary_new();
    uint32_t headers = vocabulary_use(vocabulary, STR("request.headers"));
    uint32_t labels = vocabulary_use(vocabulary, STR("source.labels"));
    uint32_t path = vocabulary_use(vocabulary, STR("request.path"));
    struct arena arena;
    struct refs refs;
    struct bag bag;
    struct str value;

    (void)state;
    arena_init(&arena, 0);
    refs_init(&refs, &arena);
    assert_true(bag_init(&bag, vocabulary, &arena));
    bag_get(&bag, path);
    bag.refs = &refs;
    bag_set(&bag, headers, (struct value){ VALUE_STRING_MAP, .map = &map });
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(bag_get_key(&bag, headers, STR("k"), &value), BAG_KEY);
        row_equal_str("value", value, STR("v"));
        assert_int_equal(bag_get_key(&bag, headers, STR("x"), &value),
                         BAG_NO_KEY);
        assert_int_equal(bag_get_key(&bag, headers, (struct str){ 0 }, &value),
                         BAG_KEY);
        assert_int_equal(bag_get_key(&bag, labels, STR("k"), &value),
                         BAG_NO_MAP);
        assert_null(bag_get(&bag, path));
    }
    assert_int_equal(refs.count, 5);
    assert_true(refs.items[0].present && refs.items[2].present);
    assert_false(refs.items[1].present || refs.items[3].present);
    row_true("an absent map has no key", !refs.items[3].key.data);
    row_true("the empty key is a key", refs.items[2].key.data != NULL);
    arena_fini(&arena);
    vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(values_have_texts),
        cmocka_unit_test(only_used_attributes_have_an_id),
        cmocka_unit_test(a_bag_takes_what_fits_the_declaration),
        cmocka_unit_test(reading_is_recorded_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
