#include "policy/check/quota_key.h"
#include "test/support/table.h"

static const struct dimension dimensions[] = {
    { .name = STR_INIT("service") },
    { .name = STR_INIT("user") },
};
static const struct str reviews[] = { STR_INIT("reviews"), { 0 } };
static const struct str ann[] = { { 0 }, STR_INIT("ann") };
static const struct override_when overrides[] = { { .values = reviews },
                                                  { .values = ann } };
static const struct quota_spec spec = {
    .name = STR_INIT("q"),
    .identity = STR_INIT("identity"),
    .dimensions = dimensions,
    .dimension_count = ROWS(dimensions),
    .overrides = overrides,
    .override_count = ROWS(overrides),
};

static struct quota_key make(const char *service, const char *user,
                             bool is_redacted, struct arena *arena)
{
    const struct str values[] = { str_of(service), str_of(user) };
    struct quota_key key;

    assert_true(quota_key_make(&key, &spec, values, is_redacted, arena));
    return key;
}

#define LONG                                                                   \
    "0123456789012345678901234567890123456789012345678901234567890123456789"   \
    "0123456789012345678901234567890123456789"

static void test_text_and_limit(void **state)
{
    static const struct {
        const char *why, *service, *user, *text;
        uint32_t limit;
        bool is_redacted;
    } rows[] = {
        { "its own limit", "ratings", "bob", "service=ratings,user=bob", 0,
          false },
        { "the first override", "reviews", "bob", "service=reviews,user=bob", 1,
          false },
        { "the second override", "ratings", "ann", "service=ratings,user=ann",
          2, false },
        { "the first that holds", "reviews", "ann", "service=reviews,user=ann",
          1, false },
        { "values keep their case", "Reviews", "", "service=Reviews,user=", 0,
          false },
        { "a long text is cut", LONG, "bob", "service=" LONG ",user=bob", 0,
          false },
        { "redacted: the limit is the same", "reviews", "bob",
          "service=#7c9b,user=#d03b", 1, true },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct quota_key key =
            make(rows[i].service, rows[i].user, rows[i].is_redacted, &arena);
        struct str text = str_of(rows[i].text);

        if (text.len > QUOTA_KEY_TEXT_BYTES)
            text.len = QUOTA_KEY_TEXT_BYTES;
        row_equal_str(rows[i].why, key.text, text);
        row_equal_i64(rows[i].why, key.limit, rows[i].limit);
    }
    arena_fini(&arena);
}

static void test_no_value_imitates_another_key(void **state)
{
    static const struct {
        const char *service, *user;
    } rows[] = {
        { "", "" },   { "a", "" },        { "", "a" },     { "ab", "" },
        { "a", "b" }, { "a,user=b", "" }, { "a", "b,c=" }, { "a,user=b,c", "" },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t j = 0; j < ROWS(rows); j++) {
            struct quota_key a =
                make(rows[i].service, rows[i].user, false, &arena);
            /* How it is shown does not matter. */
            struct quota_key b =
                make(rows[j].service, rows[j].user, true, &arena);

            row_equal_i64(rows[i].service, str_eq(a.bytes, b.bytes), i == j);
        }
    arena_fini(&arena);
}

static void test_arena_limit(void **state)
{
    const struct str values[] = { STR("ratings"), STR("bob") };
    struct quota_key key;
    struct arena arena;

    (void)state;
    arena_init(&arena, 16);
    assert_false(quota_key_make(&key, &spec, values, false, &arena));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_limit),
        cmocka_unit_test(test_no_value_imitates_another_key),
        cmocka_unit_test(test_arena_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
