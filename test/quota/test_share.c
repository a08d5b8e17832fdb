/* What one replica may grant of a limit. */
#include "test/support/table.h"

#include "quota/share.h"

static void limits_are_divided(void **state)
{
    static const struct {
        const char *why;
        int64_t whole, replicas, part;
    } rows[] = {
        { "one replica has all", 100, 1, 100 },
        { "divided", 100, 4, 25 },
        { "rounded down, so the sum is no more than the limit", 100, 3, 33 },
        { "one each", 3, 3, 1 },
        { "less than one each is still one", 2, 3, 1 },
        { "the least limit", 1, SHARE_REPLICAS_MAX, 1 },
        { "nothing stays nothing", 0, 3, 0 },
        { "the largest", LIMIT_AMOUNT_MAX, 1, LIMIT_AMOUNT_MAX },
        { "the largest, divided", LIMIT_AMOUNT_MAX, SHARE_REPLICAS_MAX,
          LIMIT_AMOUNT_MAX / SHARE_REPLICAS_MAX },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct limit limit = {
            .algorithm = LIMIT_TOKEN_BUCKET,
            .amount = rows[i].whole,
            .burst = rows[i].whole,
            .period_ns = 11,
            .bucket_ns = 12,
            .lease_ns = 13,
            .dedup_ns = 14,
            .calendar = CALENDAR_WEEK,
            .release_any = true,
        };
        struct limit share = share_limit(&limit, rows[i].replicas);

        row_equal_i64(rows[i].why, share.amount, rows[i].part);
        row_equal_i64(rows[i].why, share.burst, rows[i].part);
        row_equal_i64(rows[i].why, share.algorithm, limit.algorithm);
        row_equal_i64(rows[i].why, share.period_ns, limit.period_ns);
        row_equal_i64(rows[i].why, share.bucket_ns, limit.bucket_ns);
        row_equal_i64(rows[i].why, share.lease_ns, limit.lease_ns);
        row_equal_i64(rows[i].why, share.dedup_ns, limit.dedup_ns);
        row_equal_i64(rows[i].why, share.calendar, limit.calendar);
        row_true(rows[i].why, share.release_any);
    }
}

/* Rate and burst are two limits. */
static void a_bucket_keeps_its_shape(void **state)
{
    const struct limit limit = { .amount = 2, .burst = 90 };
    struct limit share = share_limit(&limit, 3);

    (void)state;
    assert_int_equal(share.amount, 1);
    assert_int_equal(share.burst, 30);
}

/* Which charges are taken here: see test_take for how they are answered. */
static void local_charges_are_picked(void **state)
{
    static const struct limit limit = { .amount = 30, .burst = 30 };
    static const struct quota_limits limits[] = {
        { STR_INIT("open"), ON_OUTAGE_OPEN, &limit, 1 },
        { STR_INIT("local"), ON_OUTAGE_LOCAL, &limit, 1 },
    };
    static const struct quota_request requests[] = {
        { .quota = 0 }, { .quota = 1 }, { .quota = 0 }, { .quota = 1 }
    };
    struct take take = { .count = 4, .deadline_ns = 77 };
    struct share share;

    (void)state;
    for (uint8_t i = 0; i < 4; i++)
        take.charges[i] = (struct charge){
            .limit = &limit,
            .quota = limits[requests[i].quota].name,
            .key = { { i, 1 } },
            .amount = i + 1,
            .has_id = true,
            .id = { { i, 2 } },
        };
    assert_true(share_init(&share, &take, requests, limits, 3));
    assert_int_equal(share.take.count, 2);
    assert_int_equal(share.take.deadline_ns, 77);
    for (uint32_t i = 0; i < 2; i++) {
        const struct charge *charge = &share.take.charges[i];
        uint8_t place = (uint8_t)(2 * i + 1);

        assert_int_equal(share.places[i], place);
        assert_int_equal(charge->limit->amount, 10);
        row_equal_str("name", charge->quota, STR("local"));
        assert_int_equal(charge->key.bytes[0], place);
        assert_int_equal(charge->id.bytes[0], place);
        assert_int_equal(charge->amount, place + 1);
        assert_true(charge->has_id);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_divided),
        cmocka_unit_test(a_bucket_keeps_its_shape),
        cmocka_unit_test(local_charges_are_picked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
