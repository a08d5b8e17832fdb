/* The command line of sluice-bench. */
#include "bench/load/options.h"

#include "policy/base/clock.h"
#include "test/support/arguments.h"
#include "test/support/table.h"

static void test_right_or_wrong(void **state)
{
    static const struct {
        const char *why, *arguments;
        bool is_right;
    } rows[] = {
        { "all by default", "", true },
        { "help", "--help", true },
        { "a closed loop is no rate", "--rate 0", true },
        { "no warm-up", "--warmup 0", true },
        { "nothing is measured", "--duration 0", false },
        { "a path", "--target unix:/x", true },
        { "no address", "--target 127.0.0.1", false },
        { "a thread has a connection", "--threads 3 --connections 2", false },
        { "as many", "--threads 2 --connections 2", true },
        { "nobody", "--pid 0", false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct options options;
        struct arguments arguments;

        arguments_init(&arguments, "sluice-bench", rows[i].arguments);
        row_true(rows[i].why,
                 options_parse(&options, arguments.count, arguments.values) ==
                     rows[i].is_right);
    }
}

static void test_values(void **state)
{
    struct options options;
    struct arguments arguments;

    (void)state;
    arguments_init(&arguments, "sluice-bench",
                   "--target [::1]:7 --method /m --streams 3 --rate 4 "
                   "--duration 5s --ids --pid 6 --pid-tree 7");
    assert_true(options_parse(&options, arguments.count, arguments.values));
    assert_string_equal(options.address, "[::1]:7");
    assert_string_equal(options.target.authority, "[::1]:7");
    assert_string_equal(options.path, "/m");
    assert_int_equal(options.connections, 8);
    assert_int_equal(options.streams, 3);
    assert_int_equal(options.rate, 4);
    assert_int_equal(options.duration_ns, 5 * SECOND);
    assert_true(options.has_id && !options.is_json && !options.wants_help);
    assert_int_equal(options.process_count, 2);
    assert_int_equal(options.processes[0].pid, 6);
    assert_false(options.processes[0].with_children);
    assert_int_equal(options.processes[1].pid, 7);
    assert_true(options.processes[1].with_children);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_or_wrong),
        cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
