#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/token_bucket.h"

/* Takes `tokens` at `at_ns` if they can be had; what is left then. */
struct event {
    const char *why;
    int64_t at_ns, tokens;
    bool is_granted;
    int64_t left, wait_ns; /* afterwards; for as many again */
};

static void run_events(const struct limit *limit, const struct event *events)
{
    struct token_bucket bucket = { 0 };

    for (; events->why; events++) {
        bool fits;

        token_bucket_regain(&bucket, limit, events->at_ns);
        fits = events->tokens <= token_bucket_left(&bucket, limit);
        if (fits)
            token_bucket_take(&bucket, events->tokens);
        row_equal_i64(events->why, fits, events->is_granted);
        row_equal_i64(events->why, token_bucket_left(&bucket, limit),
                      events->left);
        row_equal_i64(events->why,
                      token_bucket_wait_ns(&bucket, limit, events->tokens),
                      events->wait_ns);
    }
}

#define MS MILLISECOND

static void buckets_fill_and_drain(void **state)
{
    static const struct {
        struct limit limit;
        struct event events[16];
    } cases[] = {
        { { .amount = 2, .period_ns = SECOND, .burst = 3 },
          {
              { "burst", 0, 3, true, 0, 1500 * MS },
              { "empty", 0, 1, false, 0, 500 * MS },
              { "not yet", 500 * MS - 1, 1, false, 0, 1 },
              { "one regained", 500 * MS, 1, true, 0, 500 * MS },
              { "two regained", 1500 * MS, 2, true, 0, 1000 * MS },
              { "full", 9 * SECOND, 0, true, 3, 0 },
              { "never fuller", 99 * SECOND, 4, false, 3, -1 },
          } },
        /* A third of a second is no whole number of nanoseconds. */
        { { .amount = 3, .period_ns = SECOND, .burst = 3 },
          {
              { "burst", 0, 3, true, 0, SECOND },
              { "just before a third", 333333333, 1, false, 0, 1 },
              { "just after", 333333334, 1, true, 0, 333333333 },
              { "two thirds", 666666667, 1, true, 0, 333333333 },
              { "no drift", SECOND, 1, true, 0, 333333334 },
          } },
        /* More than one token in a nanosecond. */
        { { .amount = LIMIT_AMOUNT_MAX, .period_ns = MS, .burst = 5000 },
          {
              { "burst", 0, 5000, true, 0, 5 },
              { "a nanosecond", 1, 1000, true, 0, 1 },
              { "three", 4, 3000, true, 0, 3 },
          } },
        { { .amount = 1, .period_ns = SECOND, .burst = 5 },
          {
              { "now", 10 * SECOND, 5, true, 0, 5 * SECOND },
              { "time stands still", 10 * SECOND, 1, false, 0, SECOND },
              { "it steps back", 5 * SECOND, 1, false, 0, SECOND },
              { "far back", 0, 1, false, 0, SECOND },
              { "and comes again: nothing is regained twice", 10 * SECOND, 1,
                false, 0, SECOND },
              { "it goes on", 11 * SECOND, 1, true, 0, SECOND },
          } },
        { { .amount = 0, .period_ns = SECOND, .burst = 5 },
          {
              { "0 denies", 0, 1, false, 0, -1 },
              { "for ever", 24 * HOUR, 1, false, 0, -1 },
              { "a look is free", 24 * HOUR, 0, true, 0, 0 },
          } },
        /* gubernator: TestLeakyBucket. */
        { { .amount = 10, .period_ns = 30 * SECOND, .burst = 10 },
          {
              { "9", 0, 1, true, 9, 0 },
              { "8", 1 * SECOND, 1, true, 8, 0 },
              { "7", 2 * SECOND, 1, true, 7, 0 },
              { "peek", 3500 * MS, 0, true, 8, 0 },
              { "peek later", 6500 * MS, 0, true, 9, 0 },
              { "nine", 6500 * MS, 9, true, 0, 26500 * MS },
              { "over", 6500 * MS, 1, false, 0, 2500 * MS },
              { "one is back", 9500 * MS, 0, true, 1, 0 },
              { "all are", 69500 * MS, 0, true, 10, 0 },
              { "ten", 69500 * MS, 10, true, 0, 30 * SECOND },
              { "nine of 9.67", 98500 * MS, 9, true, 0, 25 * SECOND },
              { "the rest of the tenth, and one", 101500 * MS, 1, true, 0,
                1 * SECOND },
          } },
        /* gubernator: TestLeakyBucketDivBug. */
        { { .amount = 2000, .period_ns = SECOND, .burst = 2000 },
          {
              { "1999", 0, 1, true, 1999, 0 },
              { "1899", 0, 100, true, 1899, 0 },
          } },
        /* gubernator: TestLeakyBucketWithBurst. It begins with a bucket that
         * holds the burst, as here. */
        { { .amount = 10, .period_ns = 30 * SECOND, .burst = 20 },
          {
              { "19", 0, 1, true, 19, 0 },
              { "18", 1 * SECOND, 1, true, 18, 0 },
              { "17", 2 * SECOND, 1, true, 17, 0 },
              { "peek", 3500 * MS, 0, true, 18, 0 },
              { "never more than the burst", 300 * SECOND, 0, true, 20, 0 },
          } },
        /* gubernator: TestLeakyBucketRequestMoreThanAvailable, as
         * TestTokenBucketRequestMoreThanAvailable. */
        { { .amount = 2000, .period_ns = 1000 * SECOND, .burst = 2000 },
          {
              { "1000", 0, 1000, true, 1000, 0 },
              { "over", 0, 1500, false, 1000, 250 * SECOND },
              { "still 1000 left", 0, 500, true, 500, 0 },
              { "400", 0, 400, true, 100, 150 * SECOND },
              { "100", 0, 100, true, 0, 50 * SECOND },
              { "none", 0, 1, false, 0, 500 * MS },
          } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++)
        run_events(&cases[i].limit, cases[i].events);
}

/* Positive tokens are taken, negative ones given back; what is left then. */
struct change {
    const char *why;
    int64_t amount; /* of the limit and its burst from here on; 0: as before */
    int64_t tokens, left;
};

/* All at one instant. */
static void usage_outlives_a_change(void **state)
{
    static const struct change cases[][8] = {
        /* gubernator: TestChangeLimit, leaky. There what is left is cut to the
         * smaller limit, and what is in use forgotten; here that stays, as it
         * does there for token buckets. */
        {
            { "99", 100, 1, 99 },
            { "a limit of 10: 8, there 9", 10, 1, 8 },
            { "7, there 8", 0, 1, 7 },
        },
        /* gubernator: TestLeakyBucketNegativeHits. */
        {
            { "9", 10, 1, 9 },
            { "one back", 0, -1, 10 },
            { "all", 0, 10, 0 },
            { "one back of all", 0, -1, 1 },
        },
        /* gubernator: TestResetRemaining. A reset is giving back all. */
        {
            { "99", 100, 1, 99 },
            { "98", 0, 1, 98 },
            { "reset", 0, -LIMIT_AMOUNT_MAX, 100 },
            { "99 again", 0, 1, 99 },
        },
        /* gubernator: TestDrainOverLimit. What a flag does there, a best effort
         * does here: what is left is taken. */
        {
            { "9", 10, 1, 9 },
            { "all that is left", 0, 9, 0 },
            { "a look", 0, 0, 0 },
        },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct limit limit = { .period_ns = HOUR };
        struct token_bucket bucket = { 0 };

        for (const struct change *change = cases[i]; change->why; change++) {
            if (change->amount > 0)
                limit.amount = limit.burst = change->amount;
            if (change->tokens >= 0)
                token_bucket_take(&bucket, change->tokens);
            else
                token_bucket_give_back(&bucket, -change->tokens);
            row_equal_i64(change->why, token_bucket_left(&bucket, &limit),
                          change->left);
        }
    }
}

/* The largest numbers there are; meant for the sanitizers, too. */
static void numbers_do_not_overflow(void **state)
{
    static const struct limit slowest = { .amount = 1,
                                          .period_ns = LIMIT_PERIOD_MAX_NS,
                                          .burst = LIMIT_AMOUNT_MAX };
    static const struct limit fastest = { .amount = LIMIT_AMOUNT_MAX,
                                          .period_ns = LIMIT_PERIOD_MIN_NS,
                                          .burst = LIMIT_AMOUNT_MAX };
    struct token_bucket bucket = { 0 };

    (void)state;
    token_bucket_take(&bucket, LIMIT_AMOUNT_MAX);
    assert_int_equal(token_bucket_idle_ns(&bucket, &slowest), INT64_MAX);
    assert_int_equal(token_bucket_wait_ns(&bucket, &slowest, LIMIT_AMOUNT_MAX),
                     INT64_MAX);
    assert_int_equal(token_bucket_wait_ns(&bucket, &slowest, INT64_MAX), -1);
    assert_int_equal(token_bucket_time_ns(&slowest, LIMIT_AMOUNT_MAX),
                     INT64_MAX);
    token_bucket_regain(&bucket, &slowest, INT64_MAX);
    assert_int_equal(token_bucket_left(&bucket, &slowest),
                     INT64_MAX / LIMIT_PERIOD_MAX_NS);
    assert_int_equal(token_bucket_give_back(&bucket, INT64_MAX),
                     LIMIT_AMOUNT_MAX - INT64_MAX / LIMIT_PERIOD_MAX_NS);

    bucket = (struct token_bucket){ .used = LIMIT_AMOUNT_MAX };
    assert_int_equal(token_bucket_idle_ns(&bucket, &fastest), MILLISECOND);
    token_bucket_regain(&bucket, &fastest, INT64_MAX);
    assert_int_equal(bucket.used, 0);
}

/* The same, nanosecond by nanosecond. */
struct model {
    int64_t level; /* tokens in use, in 1/period_ns */
};

static void model_pass(struct model *model, const struct limit *limit,
                       int64_t ns)
{
    for (; ns > 0; ns--)
        model->level =
            model->level > limit->amount ? model->level - limit->amount : 0;
}

static int64_t model_used(const struct model *model, const struct limit *limit)
{
    return (model->level + limit->period_ns - 1) / limit->period_ns;
}

static int64_t model_left(const struct model *model, const struct limit *limit)
{
    int64_t used = model_used(model, limit);

    return used < limit->burst ? limit->burst - used : 0;
}

static int64_t model_wait(struct model model, const struct limit *limit,
                          int64_t tokens)
{
    int64_t ns = 0;

    if (tokens > limit->burst)
        return -1;
    for (; model_left(&model, limit) < tokens; ns++)
        model_pass(&model, limit, 1);
    return ns;
}

/* The other form of the same algorithm: the time at which the next cell is
 * expected. Source: ITU-T I.371, virtual scheduling form of GCRA(T, tau). */
static void it_is_the_virtual_scheduling_form(void **state)
{
    struct random random = random_from(2);

    (void)state;
    for (int run = 0; run < 300; run++) {
        int64_t increment_ns = random_below(&random, 50) + 1;
        struct limit limit = { .amount = 1,
                               .period_ns = increment_ns,
                               .burst = random_below(&random, 20) + 1 };
        int64_t tolerance_ns = (limit.burst - 1) * increment_ns;
        int64_t expected_ns = 0, now_ns = 0;
        struct token_bucket bucket = { 0 };

        for (int cell = 0; cell < 500; cell++) {
            bool conforms;

            now_ns += random_below(&random, 2 * increment_ns);
            conforms = now_ns >= expected_ns - tolerance_ns;
            if (conforms && now_ns > expected_ns)
                expected_ns = now_ns;
            if (conforms)
                expected_ns += increment_ns;
            token_bucket_regain(&bucket, &limit, now_ns);
            row_equal_i64("conforms", token_bucket_left(&bucket, &limit) > 0,
                          conforms);
            token_bucket_take(&bucket, conforms);
        }
    }
}

static void give_back_to_both(struct token_bucket *bucket, struct model *model,
                              const struct limit *limit, int64_t tokens)
{
    int64_t used = model_used(model, limit);
    int64_t given = tokens < used ? tokens : used;

    row_equal_i64("given back", token_bucket_give_back(bucket, tokens), given);
    model->level = given == used ? 0 : model->level - given * limit->period_ns;
}

static void it_is_what_a_slow_model_says(void **state)
{
    struct random random = random_from(1);

    (void)state;
    for (int run = 0; run < 300; run++) {
        struct limit limit = { .amount = random_below(&random, 40) + 1,
                               .period_ns = random_below(&random, 50) + 1,
                               .burst = random_below(&random, 20) + 1 };
        struct token_bucket bucket = { 0 };
        struct model model = { 0 };
        int64_t now_ns = 0;

        for (int step = 0; step < 200; step++) {
            int64_t elapsed_ns = random_below(&random, 30);
            int64_t tokens = random_below(&random, limit.burst + 2);

            now_ns += elapsed_ns;
            token_bucket_regain(&bucket, &limit, now_ns);
            model_pass(&model, &limit, elapsed_ns);
            if (random_below(&random, 20) == 0)
                limit.burst = random_below(&random, 20) + 1;
            row_equal_i64("left", token_bucket_left(&bucket, &limit),
                          model_left(&model, &limit));
            row_equal_i64("wait", token_bucket_wait_ns(&bucket, &limit, tokens),
                          model_wait(model, &limit, tokens));
            if (random_below(&random, 10) == 0) {
                give_back_to_both(&bucket, &model, &limit, tokens);
            } else if (tokens <= model_left(&model, &limit)) {
                token_bucket_take(&bucket, tokens);
                model.level += tokens * limit.period_ns;
            }
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_fill_and_drain),
        cmocka_unit_test(usage_outlives_a_change),
        cmocka_unit_test(numbers_do_not_overflow),
        cmocka_unit_test(it_is_what_a_slow_model_says),
        cmocka_unit_test(it_is_the_virtual_scheduling_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
