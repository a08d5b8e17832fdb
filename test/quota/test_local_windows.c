/* Windows in the memory store: the calendar, room, and a clock that steps. */
#include "test/quota/random.h"
#include "test/quota/scene.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "policy/expr/timestamp.h"
#include "quota/local/mapping.h"

static const struct limit fixed = { .algorithm = LIMIT_FIXED_WINDOW,
                                    .amount = 1000,
                                    .period_ns = HOUR };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 1000,
                                      .period_ns = HOUR,
                                      .bucket_ns = HOUR / 20 };
static const struct limit finest = { .algorithm = LIMIT_ROLLING_WINDOW,
                                     .amount = 1000,
                                     .period_ns = 100 * SECOND,
                                     .bucket_ns = SECOND,
                                     .dedup_ns = HOUR };

/* ---- the calendar ------------------------------------------------------ */

/* Lets the store's time be that one, now. */
static void set_time(struct scene *scene, const char *text)
{
    struct instant instant;
    struct mapping mapping;

    assert_true(timestamp_parse(str_of(text), &instant));
    assert_true(mapping_open(&mapping, scene->fd));
    mapping.header->time.offset_ns =
        instant.seconds * SECOND + instant.nanos - scene->now_ns;
    mapping_close(&mapping);
}

static void windows_end_with_the_calendar(void **state)
{
    static const struct {
        const char *why;
        enum calendar calendar;
        const char *now;
        int64_t left_ns;
    } rows[] = {
        { "a second", CALENDAR_SECOND, "2026-11-29T10:20:30.25Z",
          750 * MILLISECOND },
        { "a minute", CALENDAR_MINUTE, "2026-11-29T10:20:30Z", 30 * SECOND },
        { "an hour", CALENDAR_HOUR, "2026-11-29T10:20:30Z",
          39 * MINUTE + 30 * SECOND },
        { "a day", CALENDAR_DAY, "2026-11-29T22:00:00Z", 2 * HOUR },
        { "a week", CALENDAR_WEEK, "2026-11-29T22:00:00Z", 2 * HOUR },
        { "a month", CALENDAR_MONTH, "2028-02-28T22:00:00Z", 26 * HOUR },
        { "a year", CALENDAR_YEAR, "2026-12-31T22:00:00Z", 2 * HOUR },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct limit limit = { .algorithm = LIMIT_FIXED_WINDOW,
                               .amount = 5,
                               .period_ns = LIMIT_WINDOW_MAX_NS,
                               .calendar = rows[i].calendar };
        struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
        struct quota_grant grant;

        set_time(&scene, rows[i].now);
        grant = scene_take(&scene, &limit, 1, 5);
        row_equal_i64(rows[i].why, grant.granted, 5);
        row_equal_i64(rows[i].why, grant.valid_for_ns, rows[i].left_ns);
        row_equal_i64(rows[i].why, grant.full_after_ns, rows[i].left_ns);
        scene.now_ns += rows[i].left_ns - 1;
        grant = scene_take(&scene, &limit, 1, 1);
        row_equal_i64(rows[i].why, grant.is_refused, true);
        row_equal_i64(rows[i].why, grant.retry_after_ns, 1);
        scene.now_ns += 1;
        row_equal_i64(rows[i].why, scene_take(&scene, &limit, 1, 5).granted, 5);
        scene_end(&scene);
    }
}

/* A store is made at the wall clock's time. */
static void time_begins_with_the_wall_clock(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    int64_t before_ns = clock_wall_ns(), after_ns;
    struct mapping mapping;

    (void)state;
    assert_true(mapping_open(&mapping, scene.fd));
    after_ns = mapping_time(&mapping, clock_boot_ns());
    /* Unless the clock is set just now. */
    assert_true(after_ns - before_ns < MINUTE && before_ns - after_ns < MINUTE);
    assert_int_equal(mapping_time(&mapping, INT64_MAX), INT64_MAX - 1);
    mapping_close(&mapping);
    scene_end(&scene);
}

static void the_end_of_time_is_harmless(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    struct limit year = { .algorithm = LIMIT_FIXED_WINDOW,
                          .amount = 1000,
                          .period_ns = LIMIT_WINDOW_MAX_NS,
                          .calendar = CALENDAR_YEAR };
    const struct limit *const limits[] = { &fixed, &rolling, &year };

    (void)state;
    scene.now_ns = INT64_MAX - 1;
    for (size_t i = 0; i < ROWS(limits); i++) {
        assert_int_equal(scene_take(&scene, limits[i], i, 1000).granted, 1000);
        assert_int_equal(scene_take(&scene, limits[i], i, 1).granted, 0);
    }
    scene_end(&scene);
}

/* ---- room -------------------------------------------------------------- */

/* Uses `count` buckets of the finest window; the last one is new. */
static void use_buckets(struct scene *scene, uint64_t key, int count)
{
    for (int i = 0; i < count; i++) {
        scene->now_ns += SECOND;
        assert_int_equal(scene_take(scene, &finest, key, 1).granted, 1);
    }
}

static uint64_t cells_in_use(struct scene *scene)
{
    struct local_usage usage = scene_usage(scene);

    return usage.cells - usage.free_cells;
}

static void a_window_takes_as_many_lines_as_it_needs(void **state)
{
    static const struct {
        const char *why;
        int buckets;
        uint64_t lines;
    } rows[] = {
        { "one bucket", 1, 1 },      { "two", 2, 2 },
        { "one line of old", 5, 2 }, { "one more", 6, 3 },
        { "twenty", 20, 6 },         { "a hundred", 100, 26 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

        use_buckets(&scene, 1, rows[i].buckets);
        row_equal_i64(rows[i].why, cells_in_use(&scene), rows[i].lines);
        row_equal_i64(rows[i].why, scene_usage(&scene).keys, 1);
        row_equal_i64(rows[i].why, scene_left(&scene, &finest, 1),
                      1000 - rows[i].buckets);
        /* It stays as large however long it is used. */
        use_buckets(&scene, 1, 1000);
        row_equal_i64(rows[i].why, cells_in_use(&scene), 26);
        scene.now_ns += HOUR;
        row_equal_i64(rows[i].why, scene_left(&scene, &finest, 1), 1000);
        row_equal_i64(rows[i].why, cells_in_use(&scene), 0);
        scene_end(&scene);
    }
}

/* All that one Check may change at once, in one shard. */
static void eight_full_windows_fit_one_step(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    struct take take = { .count = QUOTAS_PER_CHECK_MAX };

    (void)state;
    for (uint8_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++)
        take.charges[i] = (struct charge){
            .limit = &finest,
            .key = store_hash(scene.store, (struct str){ (char *)&i, 1 }),
            .has_id = true,
        };
    for (uint32_t round = 0; round < 600; round++) {
        /* Each bucket a line of its own now and then, and gaps in which many
         * end together. */
        scene.now_ns += round % 150 < 120 ? SECOND : 7 * SECOND;
        for (uint32_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++) {
            take.charges[i].amount = round % 200 == 199 ? INT64_MIN : 1;
            take.charges[i].id = store_hash(
                scene.store, (struct str){ (char *)&round, sizeof(round) });
        }
        store_take(scene.store, &take, scene.now_ns);
        assert_int_equal(take.status, TAKE_GRANTED);
    }
    scene_end(&scene);
}

static void a_million_windows_pass_through_a_small_store(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;

    (void)state;
    for (uint64_t key = 0; key < 1000000; key++) {
        const struct limit *limit = key % 2 == 0 ? &fixed : &rolling;

        assert_int_equal(scene_take(&scene, limit, key, 1).granted, 1);
    }
    assert_int_equal(scene_usage(&scene).cells, cells);
    assert_true(scene_usage(&scene).keys <= cells);
    assert_true(scene.store->stats.evictions >= 1000000 - cells);
    assert_true(scene.store->stats.evictions <= 1000000);
    scene_end(&scene);
}

/* Windows of many lines are dropped whole. */
static void a_store_full_of_large_windows_goes_on(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

    (void)state;
    for (int round = 0; round < 100; round++) {
        scene.now_ns += SECOND;
        for (uint64_t key = 0; key < 3000; key++)
            assert_true(scene_take(&scene, &finest, key, 1).granted == 1);
    }
    assert_true(scene.store->stats.evictions > 0);
    scene_end(&scene);
}

static void the_window_that_lasts_longest_stays(void **state)
{
    static const struct limit longest = { .algorithm = LIMIT_ROLLING_WINDOW,
                                          .amount = 1000,
                                          .period_ns = 24 * HOUR,
                                          .bucket_ns = HOUR };
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;

    (void)state;
    for (int i = 0; i < 20; i++) {
        scene.now_ns += HOUR;
        scene_take(&scene, &longest, 0, 1);
    }
    for (uint64_t key = 1; key < 20 * cells; key++)
        scene_take(&scene, &fixed, key, 1);
    assert_int_equal(scene_left(&scene, &longest, 0), 980);
    scene_end(&scene);
}

/* ---- a clock that steps ------------------------------------------------- */

#define USES_MAX 5000

static struct use {
    int64_t at_ns, units; /* of true time */
} uses[USES_MAX];

/* The most in any time of `span_ns`, with both ends. */
static int64_t most_within(size_t count, int64_t span_ns)
{
    int64_t units = 0, most = 0;
    size_t first = 0;

    for (size_t i = 0; i < count; i++) {
        units += uses[i].units;
        for (; uses[first].at_ns <= uses[i].at_ns - span_ns; first++)
            units -= uses[first].units;
        most = units > most ? units : most;
    }
    return most;
}

/* Whatever the clock does but run ahead, no more passes than would without. */
static void a_clock_that_steps_back_lets_nothing_more_pass(void **state)
{
    static const struct {
        const char *why;
        struct limit limit;
        int64_t most; /* in a time of its period */
    } rows[] = {
        { "tokens",
          { .algorithm = LIMIT_TOKEN_BUCKET,
            .amount = 20,
            .period_ns = SECOND,
            .burst = 5 },
          25 },
        { "a fixed window",
          { .algorithm = LIMIT_FIXED_WINDOW,
            .amount = 20,
            .period_ns = SECOND },
          40 },
        { "a rolling window",
          { .algorithm = LIMIT_ROLLING_WINDOW,
            .amount = 20,
            .period_ns = SECOND,
            .bucket_ns = 50 * MILLISECOND },
          20 },
    };
    struct random random = random_from(13);

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
        int64_t true_ns = 0;
        size_t count = 0;

        for (int step = 0; step < 1000000 && count < USES_MAX; step++) {
            int64_t elapsed_ns = random_below(&random, 30 * MILLISECOND);
            int64_t units = random_below(&random, 5) + 1;
            int64_t granted;

            true_ns += elapsed_ns;
            scene.now_ns += elapsed_ns;
            if (random_below(&random, 40) == 0)
                scene.now_ns -= random_below(&random, 800 * MILLISECOND);
            granted = scene_take(&scene, &rows[i].limit, 1, units).granted;
            if (granted > 0)
                uses[count++] = (struct use){ true_ns, granted };
        }
        row_equal_i64("enough is tried", count, USES_MAX);
        row_true(rows[i].why,
                 most_within(count, rows[i].limit.period_ns) <= rows[i].most);
        scene_end(&scene);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_end_with_the_calendar),
        cmocka_unit_test(time_begins_with_the_wall_clock),
        cmocka_unit_test(the_end_of_time_is_harmless),
        cmocka_unit_test(a_window_takes_as_many_lines_as_it_needs),
        cmocka_unit_test(eight_full_windows_fit_one_step),
        cmocka_unit_test(a_million_windows_pass_through_a_small_store),
        cmocka_unit_test(a_store_full_of_large_windows_goes_on),
        cmocka_unit_test(the_window_that_lasts_longest_stays),
        cmocka_unit_test(a_clock_that_steps_back_lets_nothing_more_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
