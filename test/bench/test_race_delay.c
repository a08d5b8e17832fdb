/* Things that all wait equally long. */
#include "bench/race/delay.h"

#include "test/support/table.h"

static void test_who_is_due(void **state)
{
    struct delayed items[3] = { 0 };
    struct delay delay;

    (void)state;
    delay_init(&delay, 10);
    assert_int_equal(delay_due_ns(&delay), INT64_MAX);
    assert_null(delay_take(&delay, INT64_MAX - 1));
    delay_add(&delay, &items[0], 0);
    delay_add(&delay, &items[1], 0);
    delay_add(&delay, &items[2], 5);
    assert_int_equal(delay_due_ns(&delay), 10);
    assert_null(delay_take(&delay, 9));
    assert_ptr_equal(delay_take(&delay, 10), &items[0]);
    assert_ptr_equal(delay_take(&delay, 10), &items[1]);
    assert_null(delay_take(&delay, 10));
    assert_int_equal(delay_due_ns(&delay), 15);
    assert_ptr_equal(delay_take(&delay, 100), &items[2]);
    assert_int_equal(items[2].due_ns, 15);
    assert_int_equal(delay_due_ns(&delay), INT64_MAX);
}

static void test_one_is_taken_out(void **state)
{
    struct delayed items[3] = { 0 };
    struct delay delay;

    (void)state;
    delay_init(&delay, 10);
    for (int i = 0; i < 3; i++)
        delay_add(&delay, &items[i], i);
    delay_remove(&items[1]);
    delay_remove(&items[0]);
    assert_int_equal(delay_due_ns(&delay), 12);
    /* It may come again. */
    delay_add(&delay, &items[0], 3);
    assert_ptr_equal(delay_take(&delay, 13), &items[2]);
    assert_ptr_equal(delay_take(&delay, 13), &items[0]);
    /* Who was taken is nowhere. */
    delay_remove(&items[0]);
    assert_null(delay_take(&delay, 13));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_due),
        cmocka_unit_test(test_one_is_taken_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
