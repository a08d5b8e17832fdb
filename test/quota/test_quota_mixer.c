/*
 * Mixer's own tests of its quota adapters, test/data/mixer_quota_cases.jsonl:
 * what a sequence of calls is granted. The configuration and what a Check
 * answers are test/config/test_quotas_mixer.c. Every row is run; the few steps
 * that differ stand in `departures`, and the rest of such a row still holds.
 *
 * memquota's quotas without a duration are CONCURRENCY here, and its others
 * rolling windows, as redisquota's of that name. Mixer's buckets lie on a grid
 * and end whole, so some uses come back up to a bucket early: ours are as fine
 * as they may be, so that only this differs.
 */
#include "test/quota/scene.h"
#include "test/support/mixer_rows.h"

#include "policy/base/clock.h"
#include "quota/take.h"

#include <stdlib.h>

/* ---- what differs ------------------------------------------------------ */

static const char lease_is_record[] =
    "a lease is the record of its id: a repeat finds it as long as it holds";
static const char early[] =
    "what was used less than a window ago is not free yet";
static const char whole_window[] =
    "a retry is told the whole window, as the first call was";

static const struct {
    const char *name;
    size_t step;
    int64_t granted, valid_s;
    const char *reason;
} departures[] = {
    { "TestReaper", 6, 10, 0, lease_is_record },
    { "TestReaperTicker", 6, 10, 0, lease_is_record },
    { "algorithm = rolling window, best effort = true", 2, 3, 100,
      whole_window },
    { "algorithm = rolling window, best effort = true", 7, 3, 100,
      whole_window },
    { "algorithm = rolling window, best effort = true", 17, 3, 100, early },
    { "algorithm = rolling window, best effort = false", 15, 0, 0, early },
};

static unsigned departed;

/* What a step is to get; replaced where we depart. */
struct wanted {
    int64_t granted, valid_ns; /* < 0: not said */
};

static void depart(const char *name, size_t step, struct wanted *wanted)
{
    for (size_t i = 0; i < ROWS(departures); i++) {
        if (strcmp(departures[i].name, name) != 0 || departures[i].step != step)
            continue;
        row_true(departures[i].reason,
                 wanted->granted != departures[i].granted ||
                     wanted->valid_ns != departures[i].valid_s * SECOND);
        wanted->granted = departures[i].granted;
        wanted->valid_ns =
            wanted->valid_ns < 0 ? -1 : departures[i].valid_s * SECOND;
        departed++;
    }
}

/* ---- rows -------------------------------------------------------------- */

/* One call: amount > 0 takes, < 0 gives back. */
static struct quota_grant call(struct scene *scene, const struct limit *limit,
                               const char *quota, int64_t amount,
                               const json_t *step)
{
    const char *id = text_of(step, "dedup_id");
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){
        .limit = limit,
        .quota = str_of(quota),
        .key = store_hash(scene->store, str_of(quota)),
        .amount = amount,
        .is_best_effort = json_is_true(json_object_get(step, "best_effort")),
        .has_id = id && id[0] != '\0',
    };
    if (take.charges[0].has_id)
        take.charges[0].id = store_hash(scene->store, str_of(id));
    store_take(scene->store, &take, scene->now_ns);
    assert_int_not_equal(take.status, TAKE_OUTAGE);
    return take.grants[0];
}

static void check_grant(const char *why, size_t step, struct wanted wanted,
                        const struct quota_grant *grant)
{
    depart(why, step, &wanted);
    if (grant->granted != wanted.granted ||
        (wanted.valid_ns >= 0 && grant->valid_for_ns != wanted.valid_ns))
        row_fail(why,
                 "step %zu: granted %" PRId64 " for %" PRId64
                 " ns, expected %" PRId64 " for %" PRId64,
                 step, grant->granted, grant->valid_for_ns, wanted.granted,
                 wanted.valid_ns);
}

/* As fine as may be. */
static void set_rolling(struct limit *limit, int64_t period_ns)
{
    limit->algorithm = LIMIT_ROLLING_WINDOW;
    limit->period_ns = period_ns;
    limit->bucket_ns = period_ns / LIMIT_BUCKETS_MAX;
}

/* ---- memquota ---------------------------------------------------------- */

static struct limit memquota_limit(const json_t *settings, const char *name)
{
    const json_t *quota =
        json_object_get(json_object_get(settings, "quotas"), name);
    int64_t valid_ns = number_of(quota, "valid_duration_ns");
    struct limit limit = {
        .amount = number_of(quota, "max_amount"),
        .dedup_ns =
            number_of(settings, "min_deduplication_duration_s") * SECOND,
    };

    assert_non_null(quota);
    if (valid_ns > 0) {
        set_rolling(&limit, valid_ns);
    } else {
        limit.algorithm = LIMIT_CONCURRENCY;
        limit.lease_ns = LIMIT_PERIOD_MAX_NS;
        limit.release_any = true;
    }
    return limit;
}

static void memquota_step(struct scene *scene, const json_t *row, size_t index,
                          const json_t *step)
{
    const json_t *settings = json_object_get(row, "settings");
    const char *why = text_of(row, "name"), *quota = text_of(step, "quota");
    const char *valid = text_of(step, "want_valid_duration_ns");
    struct quota_grant grant;
    struct limit limit;

    /* Ids age out with time. */
    if (strcmp(text_of(step, "op"), "reap") == 0) {
        scene->now_ns +=
            number_of(settings, "min_deduplication_duration_s") * SECOND;
        return;
    }
    limit = memquota_limit(settings, quota);
    grant = call(scene, &limit, quota, number_of(step, "amount"), step);
    check_grant(why, index,
                (struct wanted){ number_of(step, "want_granted"),
                                 valid ? strtoll(valid, NULL, 10) : -1 },
                &grant);
}

static void run_memquota(const json_t *row)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    int64_t start_ns = scene.now_ns;
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(row, "steps"), i, step)
    {
        int64_t at_ns = start_ns + number_of(step, "t_s") * SECOND;

        if (at_ns > scene.now_ns)
            scene.now_ns = at_ns;
        memquota_step(&scene, row, i, step);
    }
    scene_end(&scene);
}

static void memquota_grants_the_same(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "memquota_sequence",
             run_memquota, 3);
}

/* Its window alone: of a few ticks, a bucket each. Time steps back in it. */
static void run_rolling_window(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings");
    int64_t tick_ns = SECOND / number_of(settings, "ticks_per_second");
    struct limit limit = {
        .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = number_of(settings, "limit"),
        .period_ns = number_of(settings, "ticks_in_window") * tick_ns,
        .bucket_ns = tick_ns,
    };
    const char *why = text_of(row, "name");
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    int64_t start_ns = scene.now_ns;
    const json_t *step, *available;
    size_t i;

    json_array_foreach(json_object_get(row, "steps"), i, step)
    {
        bool is_alloc = strcmp(text_of(step, "op"), "alloc") == 0;
        int64_t amount = number_of(step, "amount");
        struct quota_grant grant;

        scene.now_ns = start_ns + number_of(step, "tick") * tick_ns;
        grant =
            call(&scene, &limit, "window", is_alloc ? amount : -amount, step);
        if (is_alloc)
            row_equal_i64(why, !grant.is_refused,
                          json_is_true(json_object_get(step, "want_ok")));
        else
            row_equal_i64(why, grant.granted, number_of(step, "want_released"));
        available = json_object_get(step, "want_available");
        if (available)
            row_equal_i64(why, grant.remaining, json_integer_value(available));
    }
    scene_end(&scene);
}

static void its_rolling_window_is_ours(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "rolling_window",
             run_rolling_window, 2);
}

/* ---- redisquota -------------------------------------------------------- */

static const char *dimension(const json_t *row, const char *name)
{
    return text_of(json_object_get(row, "dimensions"), name);
}

/* The first override all of whose dimensions are the row's. */
static int64_t redisquota_amount(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings"), *override;
    size_t i;

    json_array_foreach(json_object_get(settings, "overrides"), i, override)
    {
        bool holds = true;
        const char *name;
        json_t *value;

        json_object_foreach(json_object_get(override, "dimensions"), name,
                            value)
        {
            const char *got = dimension(row, name);

            holds = holds && got && strcmp(got, json_string_value(value)) == 0;
        }
        if (holds)
            return number_of(override, "max_amount");
    }
    return number_of(settings, "max_amount");
}

static struct limit redisquota_limit(const json_t *row)
{
    const json_t *settings = json_object_get(row, "settings");
    int64_t period_ns = number_of(settings, "valid_duration_s") * SECOND;
    /* Its records live as long as the window. */
    struct limit limit = { .amount = redisquota_amount(row),
                           .dedup_ns = period_ns };

    if (strcmp(text_of(settings, "algorithm"), "ROLLING_WINDOW") == 0) {
        set_rolling(&limit, period_ns);
    } else {
        limit.algorithm = LIMIT_FIXED_WINDOW;
        limit.period_ns = period_ns;
    }
    return limit;
}

static void run_redisquota(const json_t *row)
{
    struct limit limit = redisquota_limit(row);
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    int64_t start_ns = scene.now_ns;
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(row, "steps"), i, step)
    {
        struct quota_grant grant;

        scene.now_ns = start_ns + number_of(step, "t_s") * SECOND;
        grant = call(&scene, &limit, "quota", number_of(step, "amount"), step);
        check_grant(text_of(row, "name"), i,
                    (struct wanted){ number_of(step, "want_granted"),
                                     number_of(step, "want_valid_duration_s") *
                                         SECOND },
                    &grant);
    }
    scene_end(&scene);
}

static void redisquota_grants_the_same(void **state)
{
    (void)state;
    run_rows(TEST_DATA "/mixer_quota_cases.jsonl", "redisquota_sequence",
             run_redisquota, 5);
}

static void no_other_step_departs(void **state)
{
    (void)state;
    assert_int_equal(departed, ROWS(departures));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memquota_grants_the_same),
        cmocka_unit_test(its_rolling_window_is_ours),
        cmocka_unit_test(redisquota_grants_the_same),
        cmocka_unit_test(no_other_step_departs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
