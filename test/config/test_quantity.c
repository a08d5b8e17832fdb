#include "test/support/table.h"

#include "config/quantity.h"
#include "policy/base/clock.h"

static const struct {
    const char *why;
    struct str text;
    enum quantity quantity;
    int64_t value;
} good[] = {
    { "a count", STR_INIT("100"), QUANTITY_COUNT, 100 },
    { "zero", STR_INIT("0"), QUANTITY_COUNT, 0 },
    { "leading zeros are decimal", STR_INIT("010"), QUANTITY_COUNT, 10 },
    { "the largest", STR_INIT("9223372036854775807"), QUANTITY_COUNT,
      INT64_MAX },
    { "bytes without a unit", STR_INIT("512"), QUANTITY_BYTES, 512 },
    { "bytes", STR_INIT("512B"), QUANTITY_BYTES, 512 },
    { "binary", STR_INIT("64MiB"), QUANTITY_BYTES, 64 << 20 },
    { "decimal", STR_INIT("10kB"), QUANTITY_BYTES, 10000 },
    { "large", STR_INIT("8388607TiB"), QUANTITY_BYTES, INT64_C(8388607) << 40 },
    { "nanoseconds", STR_INIT("7ns"), QUANTITY_DURATION, 7 },
    { "microseconds", STR_INIT("7us"), QUANTITY_DURATION, 7000 },
    { "milliseconds", STR_INIT("5ms"), QUANTITY_DURATION, 5 * MILLISECOND },
    { "seconds", STR_INIT("60s"), QUANTITY_DURATION, MINUTE },
    { "minutes", STR_INIT("1m"), QUANTITY_DURATION, MINUTE },
    { "hours", STR_INIT("2h"), QUANTITY_DURATION, 2 * HOUR },
    { "days", STR_INIT("1d"), QUANTITY_DURATION, 24 * HOUR },
    { "a space before the unit", STR_INIT("5 ms"), QUANTITY_DURATION,
      5 * MILLISECOND },
    { "no time needs no unit", STR_INIT("0"), QUANTITY_DURATION, 0 },
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(good); i++) {
        const char *why = NULL;
        int64_t value = -1;

        row_true(good[i].why,
                 quantity_parse(good[i].text, good[i].quantity, &value, &why));
        row_equal_i64(good[i].why, value, good[i].value);
    }
}

static const struct {
    const char *why;
    struct str text;
    enum quantity quantity;
    struct str reason;
} bad[] = {
    { "nothing", STR_INIT(""), QUANTITY_COUNT, STR_INIT("is empty") },
    { "negative", STR_INIT("-1"), QUANTITY_COUNT,
      STR_INIT("must not be negative") },
    { "a word", STR_INIT("many"), QUANTITY_COUNT,
      STR_INIT("does not begin with a digit") },
    { "only a unit", STR_INIT("ms"), QUANTITY_DURATION,
      STR_INIT("does not begin with a digit") },
    { "a count with a unit", STR_INIT("5k"), QUANTITY_COUNT,
      STR_INIT("is not a whole number") },
    { "one too many", STR_INIT("9223372036854775808"), QUANTITY_COUNT,
      STR_INIT("is too large") },
    { "too large by its unit", STR_INIT("8388608TiB"), QUANTITY_BYTES,
      STR_INIT("is too large") },
    { "too long by its unit", STR_INIT("106752d"), QUANTITY_DURATION,
      STR_INIT("is too large") },
    { "a fraction", STR_INIT("1.5s"), QUANTITY_DURATION,
      STR_INIT("must be a whole number; a smaller unit avoids the fraction") },
    { "no unit", STR_INIT("5"), QUANTITY_DURATION,
      STR_INIT("needs a unit: ns us ms s m h d") },
    { "units have their case", STR_INIT("5MS"), QUANTITY_DURATION,
      STR_INIT("has an unknown unit; known are ns us ms s m h d") },
    { "two units", STR_INIT("1m30s"), QUANTITY_DURATION,
      STR_INIT("has an unknown unit; known are ns us ms s m h d") },
    { "two spaces", STR_INIT("5  ms"), QUANTITY_DURATION,
      STR_INIT("has an unknown unit; known are ns us ms s m h d") },
    { "a trailing space", STR_INIT("5ms "), QUANTITY_DURATION,
      STR_INIT("has an unknown unit; known are ns us ms s m h d") },
    { "bits", STR_INIT("5Mb"), QUANTITY_BYTES,
      STR_INIT("has an unknown unit; known are B kB KiB MB MiB GB GiB TB "
               "TiB") },
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(bad); i++) {
        const char *why = NULL;
        int64_t value;

        row_true(bad[i].why,
                 !quantity_parse(bad[i].text, bad[i].quantity, &value, &why));
        row_equal_str(bad[i].why, str_of(why), bad[i].reason);
    }
}

static const struct {
    const char *why;
    int64_t value;
    enum quantity quantity;
    struct str text;
} shown[] = {
    { "zero", 0, QUANTITY_DURATION, STR_INIT("0") },
    { "the largest unit that fits", 60 * SECOND, QUANTITY_DURATION,
      STR_INIT("1m") },
    { "no fraction", 90 * SECOND, QUANTITY_DURATION, STR_INIT("90s") },
    { "one nanosecond", 1, QUANTITY_DURATION, STR_INIT("1ns") },
    { "binary", 64 << 20, QUANTITY_BYTES, STR_INIT("64MiB") },
    { "decimal", 10000, QUANTITY_BYTES, STR_INIT("10kB") },
    { "odd bytes", 1023, QUANTITY_BYTES, STR_INIT("1023B") },
    { "a count", 1000, QUANTITY_COUNT, STR_INIT("1000") },
    { "the largest", INT64_MAX, QUANTITY_COUNT,
      STR_INIT("9223372036854775807") },
};

/* What is shown is read back as the same. */
static void test_format(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(shown); i++) {
        const char *why;
        int64_t value = -1;
        struct str text =
            quantity_format(shown[i].value, shown[i].quantity, &arena);

        row_equal_str(shown[i].why, text, shown[i].text);
        row_true(shown[i].why,
                 quantity_parse(text, shown[i].quantity, &value, &why));
        row_equal_i64(shown[i].why, value, shown[i].value);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
