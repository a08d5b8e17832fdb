#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/clock_offset.h"

#include <stdio.h>

static void half_the_round_trip_is_taken_off(void **state)
{
    static const struct {
        const char *why, *seconds, *micros;
        int64_t sent_ns, now_ns;
        bool is_good;
        int64_t offset_ns;
    } rows[] = {
        { "at once", "1700000000", "5", 0, 0, true,
          1700000000 * SECOND + 5 * MICROSECOND },
        { "ours runs since the boot", "1700000000", "0", 100 * SECOND,
          100 * SECOND, true, 1699999900 * SECOND },
        { "half way", "1700000000", "0", 100 * SECOND,
          100 * SECOND + 2 * MILLISECOND, true,
          1699999900 * SECOND - MILLISECOND },
        { "before 1970 there is none", "0", "0", 5, 5, true, -5 },
        { "the largest", "8623372036", "999999", INT64_MAX / 2, INT64_MAX / 2,
          true, 8623372036 * SECOND + 999999 * MICROSECOND - INT64_MAX / 2 },
        { "larger", "8623372037", "0", 0, 0, false, 0 },
        { "so large that it would wrap", "18446744073709551616", "0", 0, 0,
          false, 0 },
        { "no whole second", "1700000000", "1000000", 0, 0, false, 0 },
        { "no number", "now", "0", 0, 0, false, 0 },
        { "a sign", "-1", "0", 0, 0, false, 0 },
        { "a blank", " 1", "0", 0, 0, false, 0 },
        { "half of it", "1700000000", "", 0, 0, false, 0 },
        { "nothing", "", "", 0, 0, false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct reply reply = { .kind = REPLY_OTHER };
        int64_t offset_ns = 0;

        snprintf(reply.texts[0], sizeof(reply.texts[0]), "%s", rows[i].seconds);
        snprintf(reply.texts[1], sizeof(reply.texts[1]), "%s", rows[i].micros);
        row_equal_i64(rows[i].why,
                      clock_offset_read(&reply, rows[i].sent_ns, rows[i].now_ns,
                                        &offset_ns),
                      rows[i].is_good);
        row_equal_i64(rows[i].why, offset_ns, rows[i].offset_ns);
    }
}

static void an_error_is_no_time(void **state)
{
    const struct reply reply = { .kind = REPLY_ERROR,
                                 .texts = { "1700000000", "0" } };
    int64_t offset_ns;

    (void)state;
    assert_false(clock_offset_read(&reply, 0, 0, &offset_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_the_round_trip_is_taken_off),
        cmocka_unit_test(an_error_is_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
