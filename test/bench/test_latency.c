/* Distributions of latencies. */
#include "bench/load/latency.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <stdlib.h>
#include <string.h>

static void test_one_value(void **state)
{
    static const struct {
        const char *why;
        int64_t value_ns, median_ns;
    } rows[] = {
        { "negative counts as 0", -5, 0 },
        { "zero", 0, 0 },
        { "exact while small", 255, 255 },
        { "the bucket ends at 257, the maximum is told", 256, 256 },
        { "a millisecond", MILLISECOND, MILLISECOND },
        { "longer than the last bucket", 10 * MINUTE, 10 * MINUTE },
        { "absurd", INT64_MAX, INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct latency *latency = calloc(1, sizeof(*latency));

        latency_record(latency, rows[i].value_ns);
        row_equal_i64(rows[i].why, latency->count, 1);
        row_equal_i64(rows[i].why, latency_percentile_ns(latency, 500),
                      rows[i].median_ns);
        free(latency);
    }
}

/* 1 us, 2 us, ... 1000 us. */
static void test_percentiles(void **state)
{
    static const struct {
        const char *why;
        uint32_t per_mille;
        int64_t exact_ns;
    } rows[] = {
        { "the least", 0, 1 * MICROSECOND },
        { "one of a thousand", 1, 1 * MICROSECOND },
        { "half", 500, 500 * MICROSECOND },
        { "nine of ten", 900, 900 * MICROSECOND },
        { "all but one", 999, 999 * MICROSECOND },
        { "the maximum", 1000, 1000 * MICROSECOND },
    };
    static struct latency latency;

    (void)state;
    memset(&latency, 0, sizeof(latency));
    for (int64_t i = 1; i <= 1000; i++)
        latency_record(&latency, i * MICROSECOND);
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t got = latency_percentile_ns(&latency, rows[i].per_mille);

        row_true(rows[i].why, got >= rows[i].exact_ns);
        row_true(rows[i].why, got <= rows[i].exact_ns + rows[i].exact_ns / 100);
    }
}

static void test_empty_has_no_latency(void **state)
{
    static const struct latency empty;

    (void)state;
    assert_int_equal(latency_percentile_ns(&empty, 0), 0);
    assert_int_equal(latency_percentile_ns(&empty, 999), 0);
}

static void test_sum_of_two(void **state)
{
    static struct latency fast, slow;

    (void)state;
    for (int i = 0; i < 90; i++)
        latency_record(&fast, 100);
    for (int i = 0; i < 10; i++)
        latency_record(&slow, SECOND);
    latency_add(&fast, &slow);
    assert_int_equal(fast.count, 100);
    assert_int_equal(latency_percentile_ns(&fast, 900), 100);
    assert_int_equal(latency_percentile_ns(&fast, 910), SECOND);
    assert_int_equal(fast.max_ns, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_empty_has_no_latency),
        cmocka_unit_test(test_sum_of_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
