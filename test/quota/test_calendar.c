#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "policy/expr/timestamp.h"
#include "quota/algo/calendar.h"

#define DAY (24 * HOUR)

static int64_t ns_of(const char *why, const char *text)
{
    struct instant instant;
    int64_t ns;

    row_true(why, timestamp_parse(str_of(text), &instant));
    row_true(why, !__builtin_mul_overflow(instant.seconds, SECOND, &ns) &&
                      !__builtin_add_overflow(ns, (int64_t)instant.nanos, &ns));
    return ns;
}

static void a_unit_ends_where_the_next_one_begins(void **state)
{
    static const struct {
        const char *why;
        enum calendar calendar;
        const char *now, *end;
    } rows[] = {
        { "within a second", CALENDAR_SECOND, "2026-11-29T10:20:30.5Z",
          "2026-11-29T10:20:31Z" },
        { "at its beginning", CALENDAR_SECOND, "2026-11-29T10:20:30Z",
          "2026-11-29T10:20:31Z" },
        { "its last nanosecond", CALENDAR_SECOND,
          "2026-11-29T10:20:30.999999999Z", "2026-11-29T10:20:31Z" },
        { "a minute", CALENDAR_MINUTE, "2026-11-29T10:20:30Z",
          "2026-11-29T10:21:00Z" },
        { "an hour", CALENDAR_HOUR, "2026-11-29T10:20:30Z",
          "2026-11-29T11:00:00Z" },
        { "the day's last hour", CALENDAR_HOUR, "2026-12-31T23:59:59Z",
          "2027-01-01T00:00:00Z" },
        { "a day", CALENDAR_DAY, "2026-11-29T10:20:30Z",
          "2026-11-30T00:00:00Z" },
        { "at midnight", CALENDAR_DAY, "2026-11-29T00:00:00Z",
          "2026-11-30T00:00:00Z" },
        { "before midnight", CALENDAR_DAY, "2026-11-29T23:59:59.999999999Z",
          "2026-11-30T00:00:00Z" },
        { "the 28th in a leap year", CALENDAR_DAY, "2028-02-28T12:00:00Z",
          "2028-02-29T00:00:00Z" },
        { "in no leap year", CALENDAR_DAY, "2027-02-28T12:00:00Z",
          "2027-03-01T00:00:00Z" },
        { "a week, on its Sunday", CALENDAR_WEEK, "2026-11-29T10:20:30Z",
          "2026-11-30T00:00:00Z" },
        { "on its Monday", CALENDAR_WEEK, "2026-11-30T00:00:00Z",
          "2026-12-07T00:00:00Z" },
        { "across two years", CALENDAR_WEEK, "2026-12-31T12:00:00Z",
          "2027-01-04T00:00:00Z" },
        { "the first Thursday", CALENDAR_WEEK, "1970-01-01T00:00:00Z",
          "1970-01-05T00:00:00Z" },
        { "a month of 30 days", CALENDAR_MONTH, "2026-11-29T10:20:30Z",
          "2026-12-01T00:00:00Z" },
        { "of 31, on its last", CALENDAR_MONTH,
          "2026-01-31T23:59:59.999999999Z", "2026-02-01T00:00:00Z" },
        { "February", CALENDAR_MONTH, "2027-02-01T00:00:00Z",
          "2027-03-01T00:00:00Z" },
        { "its leap day", CALENDAR_MONTH, "2028-02-29T23:00:00Z",
          "2028-03-01T00:00:00Z" },
        { "December", CALENDAR_MONTH, "2026-12-15T00:00:00Z",
          "2027-01-01T00:00:00Z" },
        { "a year", CALENDAR_YEAR, "2026-11-29T10:20:30Z",
          "2027-01-01T00:00:00Z" },
        { "its first instant", CALENDAR_YEAR, "2028-01-01T00:00:00Z",
          "2029-01-01T00:00:00Z" },
        { "its last", CALENDAR_YEAR, "2028-12-31T23:59:59.999999999Z",
          "2029-01-01T00:00:00Z" },
        { "100 is no leap year", CALENDAR_MONTH, "2100-02-28T12:00:00Z",
          "2100-03-01T00:00:00Z" },
        { "400 is one", CALENDAR_DAY, "2000-02-28T12:00:00Z",
          "2000-02-29T00:00:00Z" },
        { "before 1970", CALENDAR_SECOND, "1969-12-31T23:59:59.5Z",
          "1970-01-01T00:00:00Z" },
        { "a minute before 1970", CALENDAR_MINUTE, "1969-12-31T23:58:00Z",
          "1969-12-31T23:59:00Z" },
        { "a week before 1970", CALENDAR_WEEK, "1969-12-28T23:00:00Z",
          "1969-12-29T00:00:00Z" },
        { "a month before 1970", CALENDAR_MONTH, "1969-11-30T23:59:59.5Z",
          "1969-12-01T00:00:00Z" },
        { "a year before 1970", CALENDAR_YEAR, "1969-12-31T23:59:59.5Z",
          "1970-01-01T00:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(
            rows[i].why,
            calendar_end_ns(rows[i].calendar, ns_of(rows[i].why, rows[i].now)),
            ns_of(rows[i].why, rows[i].end));
}

/* Of each unit: the longest there is. */
static const struct {
    const char *why;
    enum calendar calendar;
    int64_t most_ns;
} units[] = {
    { "second", CALENDAR_SECOND, SECOND },
    { "minute", CALENDAR_MINUTE, MINUTE },
    { "hour", CALENDAR_HOUR, HOUR },
    { "day", CALENDAR_DAY, 24 * HOUR },
    { "week", CALENDAR_WEEK, 7 * DAY },
    { "month", CALENDAR_MONTH, 31 * DAY },
    { "year", CALENDAR_YEAR, 366 * DAY },
};

/* From one instant to the end of its unit no other unit begins, and there one
 * does. */
static void any_instant_has_one_unit(void **state)
{
    struct random random = random_from(3);

    (void)state;
    for (size_t i = 0; i < ROWS(units); i++) {
        enum calendar calendar = units[i].calendar;

        for (int n = 0; n < 10000; n++) {
            int64_t now_ns = random_below(&random, INT64_MAX / 2) -
                             random_below(&random, INT64_MAX / 4);
            int64_t end_ns = calendar_end_ns(calendar, now_ns);
            int64_t between_ns =
                now_ns + random_below(&random, end_ns - now_ns);

            row_true(units[i].why, end_ns > now_ns);
            row_true(units[i].why, end_ns - now_ns <= units[i].most_ns);
            row_equal_i64(units[i].why, calendar_end_ns(calendar, between_ns),
                          end_ns);
            row_equal_i64(units[i].why, calendar_end_ns(calendar, end_ns - 1),
                          end_ns);
            row_true(units[i].why, calendar_end_ns(calendar, end_ns) > end_ns);
        }
    }
}

static void the_edges_of_time_are_harmless(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(units); i++) {
        enum calendar calendar = units[i].calendar;

        row_equal_i64(units[i].why, calendar_end_ns(calendar, INT64_MAX),
                      INT64_MAX);
        row_true(units[i].why,
                 calendar_end_ns(calendar, INT64_MIN) > INT64_MIN);
        row_true(units[i].why,
                 calendar_end_ns(calendar, INT64_MIN) < INT64_MIN + 366 * DAY);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_ends_where_the_next_one_begins),
        cmocka_unit_test(any_instant_has_one_unit),
        cmocka_unit_test(the_edges_of_time_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
