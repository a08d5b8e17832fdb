#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/rolling_window.h"

/* Takes `units` at `at_ns` if they can be had, or gives them back; what is left
 * then. */
struct event {
    const char *why;
    int64_t at_ns, units;
    int64_t done, left;
    int64_t wait_ns; /* until all that there ever is can be had */
};

static void run_events(const struct limit *limit, const struct event *events)
{
    struct rolling_window window = { 0 };

    for (; events->why; events++) {
        int64_t done = 0;

        rolling_window_pass(&window, events->at_ns);
        if (events->units < 0) {
            done = rolling_window_give_back(&window, -events->units);
        } else if (events->units <= rolling_window_left(&window, limit)) {
            rolling_window_take(&window, limit, events->at_ns, events->units);
            done = events->units;
        }
        row_equal_i64(events->why, done, events->done);
        row_equal_i64(events->why, rolling_window_left(&window, limit),
                      events->left);
        row_equal_i64(events->why,
                      rolling_window_wait_ns(&window, limit, events->at_ns,
                                             limit->amount),
                      events->wait_ns);
    }
}

static void windows_roll(void **state)
{
    static const struct {
        struct limit limit;
        struct event events[16];
    } cases[] = {
        { { .amount = 5, .period_ns = 100, .bucket_ns = 10 },
          {
              { "two", 1000, 2, 2, 3, 100 },
              { "two more, later", 1010, 2, 2, 1, 100 },
              { "too many", 1020, 2, 0, 1, 90 },
              { "the last", 1020, 1, 1, 0, 100 },
              { "none", 1099, 1, 0, 0, 21 },
              { "the first are back", 1100, 2, 2, 0, 100 },
              { "the second", 1110, 3, 0, 2, 90 },
              { "the third", 1120, 3, 3, 0, 100 },
              { "all", 1220, 5, 5, 0, 100 },
          } },
        { { .amount = 5, .period_ns = 100, .bucket_ns = 10 },
          {
              { "one", 1000, 1, 1, 4, 100 },
              { "one more in its bucket", 1009, 1, 1, 3, 100 },
              { "both are in use", 1108, 0, 0, 3, 1 },
              { "both are back", 1109, 0, 0, 5, 0 },
          } },
        /* One bucket for all: a window of uses, from its first to its last. */
        { { .amount = 5, .period_ns = 100, .bucket_ns = 100 },
          {
              { "one", 1000, 1, 1, 4, 100 },
              { "one more", 1099, 1, 1, 3, 100 },
              { "a bucket of its own", 1100, 1, 1, 2, 100 },
              { "two are back", 1199, 0, 0, 4, 1 },
              { "all are", 1200, 0, 0, 5, 0 },
          } },
        { { .amount = 5, .period_ns = 100, .bucket_ns = 10 },
          {
              { "two", 1000, 2, 2, 3, 100 },
              { "time stands still", 1000, 1, 1, 2, 100 },
              { "it steps back", 900, 1, 1, 1, 200 },
              { "nothing comes back earlier", 1099, 2, 0, 1, 1 },
              { "all do together", 1100, 0, 0, 5, 0 },
          } },
        { { .amount = 5, .period_ns = 100, .bucket_ns = 10 },
          {
              { "one", 1000, 1, 1, 4, 100 },
              { "two more, later", 1050, 2, 2, 2, 100 },
              { "two back: the newest", 1050, -2, 2, 4, 50 },
              { "time steps back: into the older bucket", 990, 1, 1, 3, 110 },
              { "of its own", 1060, 1, 1, 2, 100 },
              { "more than is in use", 1060, -9, 3, 5, 0 },
              { "none is", 1060, -9, 0, 5, 0 },
          } },
        { { .amount = 0, .period_ns = 100, .bucket_ns = 10 },
          {
              { "0 denies", 0, 1, 0, 0, 0 },
              { "for ever", 24 * HOUR, 1, 0, 0, 0 },
          } },
        /* gubernator: TestTokenBucketRequestMoreThanAvailable. */
        { { .amount = 2000, .period_ns = HOUR, .bucket_ns = HOUR / 20 },
          {
              { "1000", 0, 1000, 1000, 1000, HOUR },
              { "over", 0, 1500, 0, 1000, HOUR },
              { "still 1000 left", 0, 500, 500, 500, HOUR },
              { "400", 0, 400, 400, 100, HOUR },
              { "100", 0, 100, 100, 0, HOUR },
              { "none", 0, 1, 0, 0, HOUR },
          } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++)
        run_events(&cases[i].limit, cases[i].events);
}

static void waits_are_told(void **state)
{
    static const struct limit limit = { .amount = 5,
                                        .period_ns = 100,
                                        .bucket_ns = 10 };
    static const struct limit smaller = { .amount = 3,
                                          .period_ns = 100,
                                          .bucket_ns = 10 };
    static const struct {
        const char *why;
        const struct limit *limit;
        int64_t units, wait_ns;
    } rows[] = {
        { "none", &limit, 0, 0 },
        { "what is left", &limit, 1, 0 },
        { "of the first", &limit, 2, 70 },
        { "all of the first", &limit, 3, 70 },
        { "of the second", &limit, 4, 80 },
        { "all", &limit, 5, 80 },
        { "too many", &limit, 6, -1 },
        { "absurdly many", &limit, INT64_MAX, -1 },
        { "more are in use than there may be", &smaller, 1, 70 },
        { "two", &smaller, 2, 80 },
    };
    struct rolling_window window = { 0 };

    (void)state;
    rolling_window_take(&window, &limit, 1000, 2);
    rolling_window_take(&window, &limit, 1010, 2);
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(
            rows[i].why,
            rolling_window_wait_ns(&window, rows[i].limit, 1030, rows[i].units),
            rows[i].wait_ns);
}

/* As many buckets as there may be, then no more of them. */
static void buckets_are_bounded(void **state)
{
    static const struct limit finest = { .amount = LIMIT_AMOUNT_MAX,
                                         .period_ns = 1000,
                                         .bucket_ns = 10 };
    static const struct limit coarse = { .amount = LIMIT_AMOUNT_MAX,
                                         .period_ns = 1000,
                                         .bucket_ns = 500 };
    struct rolling_window window = { 0 };
    int64_t now_ns = 0;

    (void)state;
    for (; now_ns < 5000; now_ns++) {
        rolling_window_pass(&window, now_ns);
        rolling_window_take(&window, &finest, now_ns, 1);
        assert_true(window.count <= ROLLING_BUCKETS_MAX);
    }
    assert_int_equal(window.count, 100);
    /* Used in the last 1000 ns, and what shares a bucket with them. */
    assert_in_range(rolling_window_used(&window), 1000, 1010);

    /* Fewer than there are: the newest is used until the others have ended. */
    for (; now_ns < 5990; now_ns += 500) {
        rolling_window_pass(&window, now_ns);
        rolling_window_take(&window, &coarse, now_ns, 1);
        assert_true(window.count <= 100);
    }
    for (; now_ns < 9000; now_ns += 250) {
        rolling_window_pass(&window, now_ns);
        rolling_window_take(&window, &coarse, now_ns, 1);
    }
    assert_in_range(window.count, 2, 3);
}

static void numbers_do_not_overflow(void **state)
{
    static const struct limit longest = { .amount = LIMIT_AMOUNT_MAX,
                                          .period_ns = LIMIT_WINDOW_MAX_NS,
                                          .bucket_ns = LIMIT_WINDOW_MAX_NS };
    struct rolling_window window = { 0 };

    (void)state;
    rolling_window_take(&window, &longest, INT64_MAX - 1, LIMIT_AMOUNT_MAX);
    assert_int_equal(rolling_window_ends_ns(&window), INT64_MAX);
    assert_int_equal(rolling_window_wait_ns(&window, &longest, INT64_MIN, 1),
                     INT64_MAX);
    rolling_window_pass(&window, INT64_MAX - 1);
    assert_int_equal(rolling_window_left(&window, &longest), 0);
    assert_int_equal(rolling_window_give_back(&window, INT64_MAX),
                     LIMIT_AMOUNT_MAX);
    rolling_window_take(&window, &longest, INT64_MIN, 1);
    assert_int_equal(window.count, 1);
}

/* Every use by itself. */
#define USES_MAX 2000

struct use {
    int64_t at_ns, units;
};

static int64_t used_within(const struct use *uses, size_t count,
                           int64_t from_ns, int64_t to_ns)
{
    int64_t units = 0;

    for (size_t i = 0; i < count; i++)
        if (uses[i].at_ns > from_ns && uses[i].at_ns <= to_ns)
            units += uses[i].units;
    return units;
}

/* Never more than the amount in any time as long as the window; and what is
 * used comes back at most a bucket later than it could. */
static void any_window_is_within_its_amount(void **state)
{
    static struct use uses[USES_MAX];
    struct random random = random_from(9);

    (void)state;
    for (int run = 0; run < 60; run++) {
        int64_t bucket_ns = random_below(&random, 30) + 1;
        struct limit limit = {
            .amount = random_below(&random, 40) + 1,
            .period_ns = bucket_ns * (random_below(&random, 20) + 1) +
                         random_below(&random, bucket_ns),
            .bucket_ns = bucket_ns,
        };
        struct rolling_window window = { 0 };
        int64_t now_ns = 100000;
        size_t count = 0;

        for (int step = 0; step < USES_MAX; step++) {
            int64_t units = random_below(&random, limit.amount + 2);
            int64_t left, least, most;

            now_ns += random_below(&random, 10);
            rolling_window_pass(&window, now_ns);
            left = rolling_window_left(&window, &limit);
            most = limit.amount -
                   used_within(uses, count, now_ns - limit.period_ns, now_ns);
            least =
                limit.amount -
                used_within(uses, count,
                            now_ns - limit.period_ns - limit.bucket_ns, now_ns);
            row_true("never too much", left <= most);
            row_true("nor too little", left >= least);
            if (units == 0 || units > left)
                continue;
            rolling_window_take(&window, &limit, now_ns, units);
            uses[count++] = (struct use){ now_ns, units };
        }
    }
}

/* What wait_ns tells is the first instant at which it can be had. */
static void waits_are_exact(void **state)
{
    struct random random = random_from(11);

    (void)state;
    for (int run = 0; run < 300; run++) {
        struct limit limit = { .amount = random_below(&random, 20) + 1,
                               .period_ns = 100,
                               .bucket_ns = random_below(&random, 99) + 2 };
        struct rolling_window window = { 0 };
        int64_t now_ns = 0;

        for (int step = 0; step < 100; step++) {
            int64_t units = random_below(&random, limit.amount) + 1;
            int64_t wait_ns;

            now_ns += random_below(&random, 10);
            rolling_window_pass(&window, now_ns);
            wait_ns = rolling_window_wait_ns(&window, &limit, now_ns, units);
            if (wait_ns == 0) {
                rolling_window_take(&window, &limit, now_ns, units);
            } else {
                struct rolling_window later = window;

                rolling_window_pass(&later, now_ns + wait_ns - 1);
                row_true("not yet",
                         rolling_window_left(&later, &limit) < units);
                rolling_window_pass(&later, now_ns + wait_ns);
                row_true("now", rolling_window_left(&later, &limit) >= units);
            }
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_roll),
        cmocka_unit_test(waits_are_told),
        cmocka_unit_test(buckets_are_bounded),
        cmocka_unit_test(numbers_do_not_overflow),
        cmocka_unit_test(any_window_is_within_its_amount),
        cmocka_unit_test(waits_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
