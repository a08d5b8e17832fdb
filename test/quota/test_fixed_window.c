#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/fixed_window.h"

#define DAY (24 * HOUR)

/* Takes `units` at `at_ns` if they can be had; what is left then. */
struct event {
    const char *why;
    int64_t at_ns, units;
    bool is_granted;
    int64_t left, wait_ns; /* afterwards; for as many again */
};

static void run_events(const struct limit *limit, const struct event *events)
{
    struct fixed_window window = { 0 };

    for (; events->why; events++) {
        bool fits;

        fixed_window_pass(&window, events->at_ns);
        fits = events->units <= fixed_window_left(&window, limit);
        if (fits)
            fixed_window_take(&window, limit, events->at_ns, events->units);
        row_equal_i64(events->why, fits, events->is_granted);
        row_equal_i64(events->why, fixed_window_left(&window, limit),
                      events->left);
        row_equal_i64(
            events->why,
            fixed_window_wait_ns(&window, limit, events->at_ns, events->units),
            events->wait_ns);
    }
}

/* 2026-11-29T10:20:30Z, a Sunday. */
#define SUNDAY (INT64_C(1795947630) * SECOND)

static void windows_fill_and_end(void **state)
{
    static const struct {
        struct limit limit;
        struct event events[16];
    } cases[] = {
        { { .amount = 3, .period_ns = SECOND },
          {
              { "the first", 5 * SECOND, 2, true, 1, SECOND },
              { "too many", 5 * SECOND, 2, false, 1, SECOND },
              { "the rest", 5 * SECOND + 1, 1, true, 0, SECOND - 1 },
              { "none left", 6 * SECOND - 1, 1, false, 0, 1 },
              { "its end", 6 * SECOND, 3, true, 0, SECOND },
              { "the next begins with a use", 9 * SECOND, 0, true, 3, 0 },
              { "there", 9 * SECOND, 1, true, 2, 0 },
              { "and lasts as long", 10 * SECOND - 1, 3, false, 2, 1 },
              { "never", 10 * SECOND - 1, 4, false, 2, -1 },
          } },
        { { .amount = 3, .period_ns = SECOND },
          {
              { "at an hour", HOUR, 3, true, 0, SECOND },
              { "time stands still", HOUR, 1, false, 0, SECOND },
              { "it steps back", HOUR - MINUTE, 1, false, 0, MINUTE + SECOND },
              { "far back", 0, 1, false, 0, HOUR + SECOND },
              { "and comes again", HOUR, 1, false, 0, SECOND },
              { "it goes on", HOUR + SECOND, 1, true, 2, 0 },
          } },
        { { .amount = 0, .period_ns = SECOND },
          {
              { "0 denies", 0, 1, false, 0, -1 },
              { "for ever", 24 * HOUR, 1, false, 0, -1 },
              { "a look is free", 24 * HOUR, 0, true, 0, 0 },
          } },
        { { .amount = 2, .period_ns = 7 * DAY, .calendar = CALENDAR_WEEK },
          {
              { "a Sunday", SUNDAY, 2, true, 0,
                13 * HOUR + 39 * MINUTE + 30 * SECOND },
              { "its last instant",
                SUNDAY + 13 * HOUR + 39 * MINUTE + 30 * SECOND - 1, 1, false, 0,
                1 },
              { "Monday", SUNDAY + 13 * HOUR + 39 * MINUTE + 30 * SECOND, 1,
                true, 1, 0 },
              { "a second time", SUNDAY + 14 * HOUR, 2, false, 1,
                7 * DAY - 20 * MINUTE - 30 * SECOND },
              { "Sunday again: the week that runs stays", SUNDAY, 2, false, 1,
                7 * DAY + 13 * HOUR + 39 * MINUTE + 30 * SECOND },
          } },
        /* envoyproxy/ratelimit: TestBasicConfig, 20 a minute. */
        { { .amount = 20, .period_ns = MINUTE, .calendar = CALENDAR_MINUTE },
          {
              { "nineteen", SUNDAY, 19, true, 1, 30 * SECOND },
              { "the twentieth", SUNDAY + SECOND, 1, true, 0, 29 * SECOND },
              { "the next", SUNDAY + SECOND, 1, false, 0, 29 * SECOND },
              { "the next minute", SUNDAY + 30 * SECOND, 1, true, 19, 0 },
          } },
        /* gubernator: TestTokenBucketGregorian. */
        { { .amount = 60, .period_ns = MINUTE, .calendar = CALENDAR_MINUTE },
          {
              { "59", SUNDAY, 1, true, 59, 0 },
              { "58", SUNDAY, 1, true, 58, 0 },
              { "all", SUNDAY, 58, true, 0, 30 * SECOND },
              { "over", SUNDAY, 1, false, 0, 30 * SECOND },
              { "61 s later", SUNDAY + 61 * SECOND, 0, true, 60, 0 },
          } },
        /* gubernator: TestOverTheLimit. */
        { { .amount = 2, .period_ns = 9 * SECOND },
          {
              { "1", 0, 1, true, 1, 0 },
              { "0", 0, 1, true, 0, 9 * SECOND },
              { "over", 0, 1, false, 0, 9 * SECOND },
          } },
        /* gubernator: TestTokenBucket. */
        { { .amount = 2, .period_ns = 5 * MILLISECOND },
          {
              { "1", 0, 1, true, 1, 0 },
              { "0", 0, 1, true, 0, 5 * MILLISECOND },
              { "after a while", 100 * MILLISECOND, 1, true, 1, 0 },
          } },
        /* gubernator: TestTokenBucketRequestMoreThanAvailable. */
        { { .amount = 2000, .period_ns = 1000 * SECOND },
          {
              { "1000", 0, 1000, true, 1000, 0 },
              { "over", 0, 1500, false, 1000, 1000 * SECOND },
              { "still 1000 left", 0, 500, true, 500, 0 },
              { "400", 0, 400, true, 100, 1000 * SECOND },
              { "100", 0, 100, true, 0, 1000 * SECOND },
              { "none", 0, 1, false, 0, 1000 * SECOND },
          } },
        /* limitador: rate_limited. */
        { { .amount = 3, .period_ns = MINUTE },
          {
              { "first", 0, 1, true, 2, 0 },
              { "second", 0, 1, true, 1, 0 },
              { "third", 0, 1, true, 0, MINUTE },
              { "limited", 0, 1, false, 0, MINUTE },
          } },
        /* limitador: rate_limited_with_delta_higher_than_one. */
        { { .amount = 10, .period_ns = MINUTE },
          {
              { "five", 0, 5, true, 5, 0 },
              { "five more", 0, 5, true, 0, MINUTE },
              { "limited", 0, 1, false, 0, MINUTE },
          } },
        /* limitador: rate_limited_with_delta_higher_than_max. */
        { { .amount = 10, .period_ns = MINUTE },
          {
              { "limited at once", 0, 11, false, 10, -1 },
          } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++)
        run_events(&cases[i].limit, cases[i].events);
}

/* Positive units are taken, negative ones given back; what is left then. */
struct change {
    const char *why;
    int64_t amount; /* of the limit from here on; 0: as before */
    int64_t units, left;
};

static void usage_outlives_a_change(void **state)
{
    static const struct change cases[][8] = {
        /* gubernator: TestChangeLimit. */
        {
            { "99", 100, 1, 99 },
            { "98", 0, 1, 98 },
            { "a limit of 10", 10, 1, 7 },
            { "6", 0, 1, 6 },
            { "a limit of 200", 200, 1, 195 },
        },
        /* gubernator: TestResetRemaining. A reset is giving back all. */
        {
            { "99", 100, 1, 99 },
            { "98", 0, 1, 98 },
            { "reset", 0, -LIMIT_AMOUNT_MAX, 100 },
            { "99 again", 0, 1, 99 },
        },
        /* gubernator: TestTokenBucketNegativeHits. It grants 4 of a limit of 2
         * after 2 that were never taken are given back; here nothing comes
         * back that is not in use, for else a caller could raise its limit. */
        {
            { "nothing in use: 2, there 3", 2, -1, 2 },
            { "again: 2, there 4", 0, -1, 2 },
            { "all: 2, there 4", 0, 2, 0 },
            { "one back", 0, -1, 1 },
        },
        /* A smaller limit than what is in use, and a larger one again. */
        {
            { "all", 10, 10, 0 },
            { "fewer", 4, 0, 0 },
            { "some back", 0, -5, 0 },
            { "and more", 0, -2, 1 },
            { "more again", 10, 0, 7 },
        },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct limit limit = { .period_ns = HOUR };
        struct fixed_window window = { 0 };

        for (const struct change *change = cases[i]; change->why; change++) {
            if (change->amount > 0)
                limit.amount = change->amount;
            if (change->units >= 0)
                fixed_window_take(&window, &limit, SECOND, change->units);
            else
                fixed_window_give_back(&window, -change->units);
            row_equal_i64(change->why, fixed_window_left(&window, &limit),
                          change->left);
        }
    }
}

static void numbers_do_not_overflow(void **state)
{
    static const struct limit longest = { .amount = LIMIT_AMOUNT_MAX,
                                          .period_ns = LIMIT_WINDOW_MAX_NS };
    struct fixed_window window = { 0 };

    (void)state;
    fixed_window_take(&window, &longest, INT64_MAX - 1, LIMIT_AMOUNT_MAX);
    assert_int_equal(window.ends_ns, INT64_MAX);
    assert_int_equal(fixed_window_wait_ns(&window, &longest, 0, 1), INT64_MAX);
    assert_int_equal(fixed_window_wait_ns(&window, &longest, INT64_MIN, 1),
                     INT64_MAX);
    assert_int_equal(fixed_window_wait_ns(&window, &longest, 0, INT64_MAX), -1);
    assert_int_equal(fixed_window_give_back(&window, INT64_MAX),
                     LIMIT_AMOUNT_MAX);
    assert_int_equal(window.used, 0);
}

/* Whatever time does, a window admits no more than its amount, and the next one
 * does not begin before it has ended. */
static void no_window_admits_too_much(void **state)
{
    struct random random = random_from(5);

    (void)state;
    for (int run = 0; run < 300; run++) {
        struct limit limit = { .amount = random_below(&random, 10) + 1,
                               .period_ns = random_below(&random, 50) + 1 };
        struct fixed_window window = { 0 };
        int64_t now_ns = 1000, latest_ns = 0;
        int64_t ends_ns = 0, admitted = 0;

        for (int step = 0; step < 500; step++) {
            int64_t units = random_below(&random, limit.amount + 2);

            now_ns += random_below(&random, 20) - 5;
            if (now_ns > latest_ns)
                latest_ns = now_ns;
            fixed_window_pass(&window, now_ns);
            if (units == 0 || units > fixed_window_left(&window, &limit))
                continue;
            fixed_window_take(&window, &limit, now_ns, units);
            if (window.used == units) {
                row_true("the last one had ended", latest_ns >= ends_ns);
                row_equal_i64("its length", window.ends_ns,
                              now_ns + limit.period_ns);
                ends_ns = window.ends_ns;
                admitted = 0;
            }
            admitted += units;
            row_true("no more than its amount", admitted <= limit.amount);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_fill_and_end),
        cmocka_unit_test(usage_outlives_a_change),
        cmocka_unit_test(numbers_do_not_overflow),
        cmocka_unit_test(no_window_admits_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
