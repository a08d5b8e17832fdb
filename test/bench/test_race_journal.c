/* The lines of a race's journal: test/e2e/racers.py reads them. */
#include "bench/race/journal.h"

#include "test/support/table.h"

#include <stdio.h>
#include <unistd.h>

/* Zeroed each time. */
static struct journal journal;

static void test_lines(void **state)
{
    static const struct journal_check checks[] = {
        { .number = 7,
          .quota = 1,
          .server = 2,
          .due_ns = 3000000000000,
          .sent_ns = 3000000000004,
          .received_ns = 3000000000005,
          .answer = { .is_granted = true, .valid_ns = 60 } },
        { .number = 8,
          .due_ns = 1,
          .sent_ns = 2,
          .received_ns = 3,
          .answer = { .is_outage = true } },
        { .number = UINT64_MAX,
          .quota = UINT32_MAX,
          .server = UINT32_MAX,
          .due_ns = INT64_MIN,
          .sent_ns = INT64_MIN,
          .received_ns = INT64_MIN,
          .error = STATUS_UNAVAILABLE,
          .answer = { .valid_ns = INT64_MIN } },
    };
    static const struct journal_released freed = { 7, 70, STATUS_OK, true };
    static const struct journal_released failed = { 8, 80, STATUS_UNAVAILABLE,
                                                    false };
    static const struct str wanted = STR_INIT(
        "check 7 1 2 3000000000000 3000000000004 3000000000005 0 1 0 60\n"
        "check 8 0 0 1 2 3 0 0 1 0\n"
        "check 18446744073709551615 4294967295 4294967295 "
        "-9223372036854775808 -9223372036854775808 -9223372036854775808 "
        "14 0 0 -9223372036854775808\n"
        "release 7 20 21\n"
        "released 7 70 0 1\n"
        "released 8 80 14 0\n");

    (void)state;
    journal.used_bytes = 0;
    for (size_t i = 0; i < ROWS(checks); i++)
        journal_check(&journal, &checks[i]);
    journal_release(&journal, 7, 20, 21);
    journal_released(&journal, &freed);
    journal_released(&journal, &failed);
    row_equal_str("lines", ((struct str){ journal.bytes, journal.used_bytes }),
                  wanted);
}

/* More than there is room for: nothing is lost, and every line is whole. */
static void test_many_lines(void **state)
{
    FILE *file = tmpfile();
    char line[64], wanted[64];
    uint64_t number = 0;

    (void)state;
    assert_non_null(file);
    journal.used_bytes = 0;
    journal.fd = fileno(file);
    for (uint64_t i = 0; i < 10000; i++)
        journal_release(&journal, i, 1, 2);
    journal_flush(&journal);
    assert_int_equal(journal.used_bytes, 0);
    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        snprintf(wanted, sizeof(wanted), "release %" PRIu64 " 1 2\n", number++);
        assert_string_equal(line, wanted);
    }
    assert_int_equal(number, 10000);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
