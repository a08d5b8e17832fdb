/* Instants as text. */
#include "test/support/table.h"

#include "policy/expr/timestamp.h"

static void test_timestamps(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        struct instant instant;
    } rows[] = {
        { "1970-01-01T00:00:00Z", true, { 0, 0 } },
        { "2015-01-02T15:04:35Z", true, { 1420211075, 0 } },
        { "2015-01-02T15:04:35.5Z", true, { 1420211075, 500000000 } },
        { "2015-01-02T15:04:35.1234567899Z", true, { 1420211075, 123456789 } },
        { "2015-01-02T16:04:35+01:00", true, { 1420211075, 0 } },
        { "2015-01-02T14:34:35-00:30", true, { 1420211075, 0 } },
        { "1969-12-31T23:59:59.9Z", true, { -1, 900000000 } },
        { "2000-02-29T00:00:00Z", true, { 951782400, 0 } },
        { "2020-12-31T23:59:59Z", true, { 1609459199, 0 } },
        { "0001-01-01T00:00:00Z", true, { -INT64_C(62135596800), 0 } },
        { "9999-12-31T23:59:59Z", true, { INT64_C(253402300799), 0 } },
        { "0001-01-01T00:00:00+00:01", false, { 0 } },
        { "9999-12-31T23:59:59-00:01", false, { 0 } },
        { "0000-01-01T00:00:00Z", false, { 0 } },
        { "1900-02-29T00:00:00Z", false, { 0 } },
        { "2015-04-31T00:00:00Z", false, { 0 } },
        { "2015-00-01T00:00:00Z", false, { 0 } },
        { "2015-13-01T00:00:00Z", false, { 0 } },
        { "2015-01-00T00:00:00Z", false, { 0 } },
        { "2015-01-01T24:00:00Z", false, { 0 } },
        { "2015-01-01T00:60:00Z", false, { 0 } },
        { "2015-01-01T00:00:60Z", false, { 0 } },
        { "2015-01-01T00:00:00", false, { 0 } },
        { "2015-01-01T00:00:00.Z", false, { 0 } },
        { "2015-01-01T00:00:00Zx", false, { 0 } },
        { "2015-01-01T00:00:00+1:00", false, { 0 } },
        { "2015-01-01T00:00:00+24:00", false, { 0 } },
        { "2015-01-01t00:00:00z", false, { 0 } },
        { "2015-01-01 00:00:00Z", false, { 0 } },
        { "2015-1-1T00:00:00Z", false, { 0 } },
        { "242233", false, { 0 } },
        { "", false, { 0 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct instant instant;

        row_equal_i64(rows[i].text,
                      timestamp_parse(str_of(rows[i].text), &instant),
                      rows[i].is_one);
        if (!rows[i].is_one)
            continue;
        row_equal_i64(rows[i].text, instant.seconds, rows[i].instant.seconds);
        row_equal_i64(rows[i].text, instant.nanos, rows[i].instant.nanos);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timestamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
