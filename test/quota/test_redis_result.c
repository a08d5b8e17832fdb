#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/result.h"

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 50,
                                   .period_ns = SECOND,
                                   .burst = 100 };
static const struct limit no_rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                      .amount = 0,
                                      .period_ns = SECOND,
                                      .burst = 100 };
static const struct limit window = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 50,
                                     .period_ns = MINUTE };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 50,
                                      .period_ns = MINUTE,
                                      .bucket_ns = SECOND };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 7,
                                    .lease_ns = MINUTE };

static void results_become_a_grant(void **state)
{
    static const struct {
        const char *why;
        struct charge charge;
        int64_t results[4];
        enum take_status status;
        struct quota_grant grant;
    } rows[] = {
        { "granted",
          { .limit = &rate, .amount = 2 },
          { 2, 98, 0 },
          TAKE_GRANTED,
          { .granted = 2,
            .remaining = 98,
            .valid_for_ns = SECOND / 25,
            .full_after_ns = SECOND / 25 } },
        { "refused until it is back",
          { .limit = &rate, .amount = 2 },
          { -1, 0, 0 },
          TAKE_REFUSED,
          { .is_refused = true,
            .retry_after_ns = SECOND / 25,
            .full_after_ns = 2 * SECOND } },
        { "half of a token is back already",
          { .limit = &rate, .amount = 1 },
          { -1, 0, 500000 },
          TAKE_REFUSED,
          { .is_refused = true,
            .retry_after_ns = SECOND / 100,
            .full_after_ns = 2 * SECOND - SECOND / 100 } },
        { "best effort waits for one",
          { .limit = &rate, .amount = 50, .is_best_effort = true },
          { -1, 0, 0 },
          TAKE_REFUSED,
          { .is_refused = true,
            .retry_after_ns = SECOND / 50,
            .full_after_ns = 2 * SECOND } },
        { "more is in use than allowed",
          { .limit = &rate, .amount = 1 },
          { -1, -4, 0 },
          TAKE_REFUSED,
          { .is_refused = true,
            .retry_after_ns = SECOND / 10,
            .full_after_ns = 2 * SECOND + 2 * SECOND / 25 } },
        { "more than the burst never comes",
          { .limit = &rate, .amount = 101 },
          { -1, 100, 0 },
          TAKE_REFUSED,
          { .remaining = 100, .is_refused = true, .retry_after_ns = -1 } },
        { "without a rate nothing ever comes back",
          { .limit = &no_rate, .amount = 1 },
          { -1, -3, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = -1, .full_after_ns = -1 } },
        { "a shadow refuses nobody",
          { .limit = &rate, .amount = 3, .is_shadow = true },
          { -3, 0, 0 },
          TAKE_GRANTED,
          { .granted = 2,
            .is_refused = true,
            .valid_for_ns = SECOND / 25,
            .retry_after_ns = 3 * SECOND / 50,
            .full_after_ns = 2 * SECOND } },
        { "given back",
          { .limit = &rate, .amount = -5 },
          { 5, 100, 0 },
          TAKE_GRANTED,
          { .granted = 5, .remaining = 100 } },
        { "of a window, until it ends",
          { .limit = &window, .amount = 2 },
          { 2, 48, 7000000 },
          TAKE_GRANTED,
          { .granted = 2,
            .remaining = 48,
            .valid_for_ns = 7 * SECOND,
            .full_after_ns = 7 * SECOND } },
        { "refused until the window ends",
          { .limit = &window, .amount = 2 },
          { -1, 1, 7000000 },
          TAKE_REFUSED,
          { .remaining = 1,
            .is_refused = true,
            .retry_after_ns = 7 * SECOND,
            .full_after_ns = 7 * SECOND } },
        { "more than a window has never comes",
          { .limit = &window, .amount = 51 },
          { -1, 1, 7000000 },
          TAKE_REFUSED,
          { .remaining = 1,
            .is_refused = true,
            .retry_after_ns = -1,
            .full_after_ns = 7 * SECOND } },
        { "a window that nobody uses",
          { .limit = &window },
          { 0, 50, 0 },
          TAKE_GRANTED,
          { .remaining = 50 } },
        { "granted once, and the window is over",
          { .limit = &window, .amount = 1 },
          { 1, 50, 0 },
          TAKE_GRANTED,
          { .granted = 1, .remaining = 50 } },
        { "of a rolling window",
          { .limit = &rolling, .amount = 2 },
          { 2, 48, 0, 60000000 },
          TAKE_GRANTED,
          { .granted = 2,
            .remaining = 48,
            .valid_for_ns = MINUTE,
            .full_after_ns = MINUTE } },
        { "refused until buckets end",
          { .limit = &rolling, .amount = 2 },
          { -1, 1, 3000000, 9000000 },
          TAKE_REFUSED,
          { .remaining = 1,
            .is_refused = true,
            .retry_after_ns = 3 * SECOND,
            .full_after_ns = 9 * SECOND } },
        { "more than the window has never comes",
          { .limit = &rolling, .amount = 51 },
          { -1, 1, -1, 9000000 },
          TAKE_REFUSED,
          { .remaining = 1,
            .is_refused = true,
            .retry_after_ns = -1,
            .full_after_ns = 9 * SECOND } },
        { "a lease",
          { .limit = &slots, .amount = 1 },
          { 1, 6 },
          TAKE_GRANTED,
          { .granted = 1,
            .remaining = 6,
            .has_lease = true,
            .full_after_ns = -1 } },
        { "nothing to lease",
          { .limit = &slots, .amount = 1 },
          { 0, 7 },
          TAKE_GRANTED,
          { .remaining = 7 } },
        { "a slot may be free at any time",
          { .limit = &slots, .amount = 1 },
          { -1, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = -1, .full_after_ns = -1 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct quota_grant *want = &rows[i].grant;
        struct take take = { .count = 1 };
        const struct quota_grant *got = &take.grants[0];

        memset(take.grants, 0xa5, sizeof(take.grants));
        take.charges[0] = rows[i].charge;
        row_equal_i64(rows[i].why, result_read_take(rows[i].results, &take),
                      RESULT_READ);
        row_equal_i64(rows[i].why, take.status, rows[i].status);
        row_equal_i64(rows[i].why, got->granted, want->granted);
        row_equal_i64(rows[i].why, got->remaining, want->remaining);
        row_equal_i64(rows[i].why, got->valid_for_ns, want->valid_for_ns);
        row_equal_i64(rows[i].why, got->retry_after_ns, want->retry_after_ns);
        row_equal_i64(rows[i].why, got->full_after_ns, want->full_after_ns);
        row_equal_i64(rows[i].why, got->is_refused, want->is_refused);
        row_equal_i64(rows[i].why, got->is_outage, false);
        row_equal_i64(rows[i].why, got->has_lease, want->has_lease);
    }
}

static void what_cannot_be_is_no_answer(void **state)
{
    static const struct {
        const char *why;
        struct charge charge;
        int64_t results[4];
    } rows[] = {
        { "too much granted",
          { .limit = &rate, .amount = 1 },
          { LIMIT_AMOUNT_MAX + 1, 0, 0 } },
        { "far too much refused",
          { .limit = &rate, .amount = 1 },
          { INT64_MIN, 0, 0 } },
        { "a look that is refused", { .limit = &rate }, { -1, 0, 0 } },
        { "giving back that is refused",
          { .limit = &rate, .amount = -1 },
          { -1, 0, 0 } },
        { "more left than there is",
          { .limit = &rate, .amount = 1 },
          { 1, 101, 0 } },
        { "more in use than can be",
          { .limit = &rate, .amount = 1 },
          { -1, 99 - LIMIT_AMOUNT_MAX, 0 } },
        { "a whole token is no part",
          { .limit = &rate, .amount = 1 },
          { 1, 9, 1000000 } },
        { "less than no part", { .limit = &rate, .amount = 1 }, { 1, 9, -1 } },
        { "a part that would overflow",
          { .limit = &rate, .amount = 1 },
          { 1, 9, INT64_MAX } },
        { "a part while nothing is in use",
          { .limit = &rate, .amount = 1 },
          { 1, 100, 7 } },
        { "a window in use without an end",
          { .limit = &window, .amount = 1 },
          { 1, 49, 0 } },
        { "a window that ended",
          { .limit = &window, .amount = 1 },
          { 1, 49, -1 } },
        { "an end of a window that nobody uses",
          { .limit = &window },
          { 0, 50, 1 } },
        { "an end that would overflow",
          { .limit = &window, .amount = 1 },
          { 1, 49, INT64_MAX } },
        { "never, while it can be",
          { .limit = &rolling, .amount = 2 },
          { -1, 1, -1, 9 } },
        { "a time, while it never can be",
          { .limit = &rolling, .amount = 51 },
          { -1, 1, 5, 9 } },
        { "a wait without a refusal",
          { .limit = &rolling, .amount = 2 },
          { 2, 1, 5, 9 } },
        { "a wait beyond the end",
          { .limit = &rolling, .amount = 2 },
          { -1, 1, 10, 9 } },
        { "a use that does not end",
          { .limit = &rolling, .amount = 2 },
          { 2, 1, 0, 0 } },
        { "more slots than there are",
          { .limit = &slots, .amount = 1 },
          { 1, 8 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct take take = { .count = 1 };

        take.charges[0] = rows[i].charge;
        row_equal_i64(rows[i].why, result_read_take(rows[i].results, &take),
                      RESULT_MALFORMED);
    }
}

static void each_charge_has_its_own_results(void **state)
{
    /* In the order of the rows: what gives back comes last. */
    const int64_t results[] = { 2, 48, 0, 60000000, 1, 6, -1, 0, 0, 3, 50, 0 };
    struct take take = { .count = 4 };

    (void)state;
    take.charges[0] = (struct charge){ .limit = &window, .amount = -3 };
    take.charges[1] = (struct charge){ .limit = &rolling, .amount = 2 };
    take.charges[2] = (struct charge){ .limit = &slots, .amount = 1 };
    take.charges[3] =
        (struct charge){ .limit = &rate, .amount = 1, .is_shadow = true };
    assert_int_equal(result_count_of_take(&take), ROWS(results));
    assert_int_equal(result_read_take(results, &take), RESULT_READ);
    assert_int_equal(take.status, TAKE_GRANTED);
    assert_int_equal(take.grants[0].granted, 3);
    assert_int_equal(take.grants[1].granted, 2);
    assert_true(take.grants[2].has_lease);
    assert_true(take.grants[3].is_refused);
}

/* What it had before is granted, and told apart. */
static void a_part_knows_its_repeats(void **state)
{
    static const struct {
        const char *why;
        int64_t integers[5];
        enum result result;
        int64_t first, second;
        uint32_t repeats;
    } rows[] = {
        { "none", { 2, 1, 3, 7, 0 }, RESULT_READ, 2, 3, 0 },
        { "the first", { 3000000002, 1, 3, 7, 0 }, RESULT_READ, 2, 3, 1 },
        { "both", { 3000000001, 1, 3000000003, 7, 0 }, RESULT_READ, 1, 3, 3 },
        { "nothing cannot be had",
          { 3000000000, 1, 3, 7, 0 },
          RESULT_MALFORMED,
          0,
          0,
          0 },
        { "more than there can be",
          { 4000000001, 1, 3, 7, 0 },
          RESULT_MALFORMED,
          0,
          0,
          0 },
        { "not made", { 2000000000, 0, 0, 0, 0 }, RESULT_FAILED, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct part part = { .take = { .count = 2 } };

        part.take.charges[0] = (struct charge){ .limit = &slots, .amount = 2 };
        part.take.charges[1] = (struct charge){ .limit = &rate, .amount = 3 };
        row_equal_i64(rows[i].why, result_read_part(rows[i].integers, &part),
                      rows[i].result);
        if (rows[i].result != RESULT_READ)
            continue;
        row_equal_i64(rows[i].why, part.take.grants[0].granted, rows[i].first);
        row_equal_i64(rows[i].why, part.take.grants[1].granted, rows[i].second);
        row_equal_i64(rows[i].why, part.repeats, rows[i].repeats);
    }
}

static void a_check_that_could_not_be_made_says_so(void **state)
{
    static const int64_t failed[] = { 2000000000, 0, 0 };
    struct release release = { .count = 1 };
    struct take take = { .count = 1 };

    (void)state;
    take.charges[0] = (struct charge){ .limit = &rate, .amount = 1 };
    assert_int_equal(result_read_take(failed, &take), RESULT_FAILED);
    assert_int_equal(result_read_release(failed, &release), RESULT_FAILED);
}

static void releases_add_up(void **state)
{
    static const struct {
        const char *why;
        int64_t results[4];
        enum result result;
        int64_t released;
    } rows[] = {
        { "two", { 2, 1, 3, 1 }, RESULT_READ, 5 },
        { "none", { 0, -5, 0, -5 }, RESULT_READ, 0 },
        { "refused", { 0, 0, -1, 0 }, RESULT_MALFORMED, 0 },
        { "absurd", { 0, 0, INT64_MAX, 0 }, RESULT_MALFORMED, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct release release = { .count = 2 };

        assert_int_equal(result_count_of_release(&release), 4);
        row_equal_i64(rows[i].why,
                      result_read_release(rows[i].results, &release),
                      rows[i].result);
        if (rows[i].result == RESULT_READ)
            row_equal_i64(rows[i].why, release.released, rows[i].released);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_become_a_grant),
        cmocka_unit_test(what_cannot_be_is_no_answer),
        cmocka_unit_test(each_charge_has_its_own_results),
        cmocka_unit_test(a_part_knows_its_repeats),
        cmocka_unit_test(a_check_that_could_not_be_made_says_so),
        cmocka_unit_test(releases_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
