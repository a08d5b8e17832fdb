#include "test/quota/holding.h"

#include "test/quota/drive.h"
#include "test/support/table.h"

#include <stdio.h>

#define KEY "key"

static const struct limit slots = { SLOTS(1000) };
static const struct limit short_slots = { .algorithm = LIMIT_CONCURRENCY,
                                          .amount = 1000,
                                          .lease_ns = TICK };

static void take(const struct subject *subject, const struct limit *limit,
                 const char *key, int64_t amount, const char *id)
{
    struct take take = { .count = 1 };

    take.charges[0] = subject_charge(subject, limit, key, amount, id);
    subject_take(subject, &take);
    assert_int_equal(take.status, TAKE_GRANTED);
}

static struct holders list(const struct subject *subject, const char *key)
{
    const struct fixture *fixture = subject->fixture;
    struct holders holders;

    /* A store fills its answers whole. */
    memset(&holders, 0xa5, sizeof(holders));
    holders.quota = STR("quota");
    holders.key = store_hash(subject->store, str_of(key));
    drive_holders(subject->store, &holders, fixture->now(fixture->context));
    assert_false(holders.is_outage);
    return holders;
}

static void expect_units(const struct holders *holders, const int64_t *units,
                         uint32_t count)
{
    int64_t sum = 0;

    assert_int_equal(holders->count, count);
    assert_int_equal(holders->lease_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(holders->items[i].units, units[i]);
        sum += units[i];
    }
    assert_int_equal(holders->units, sum);
}

/* One after the other, so that they end in that order. */
static void take_three(const struct subject *subject)
{
    const struct fixture *fixture = subject->fixture;

    take(subject, &slots, KEY, 1, "one");
    fixture->advance(fixture->context, MILLISECOND);
    take(subject, &slots, KEY, 2, "two");
    fixture->advance(fixture->context, MILLISECOND);
    take(subject, &slots, KEY, 3, NULL);
}

static void holders_of_nothing_are_none(const struct subject *subject)
{
    struct holders holders = list(subject, KEY);

    expect_units(&holders, NULL, 0);
}

static void
holders_stand_in_the_order_of_their_end(const struct subject *subject)
{
    const struct fixture *fixture = subject->fixture;
    struct holders holders, again;

    take_three(subject);
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 1, 2, 3 }, 3);
    for (uint32_t i = 0; i < 3; i++) {
        int64_t ends_in_ns = holders.items[i].ends_in_ns;

        assert_true(ends_in_ns <= slots.lease_ns + fixture->granularity_ns);
        assert_true(ends_in_ns >
                    slots.lease_ns - 10 * MILLISECOND - 10 * fixture->slack_ns);
        assert_true(i == 0 || ends_in_ns > holders.items[i - 1].ends_in_ns);
    }
    again = list(subject, KEY);
    for (uint32_t i = 0; i < 3; i++)
        assert_memory_equal(&again.items[i].id, &holders.items[i].id,
                            sizeof(struct quota_id));
    assert_memory_not_equal(&holders.items[0].id, &holders.items[1].id,
                            sizeof(struct quota_id));
}

static void a_holder_that_renews_goes_last(const struct subject *subject)
{
    const struct fixture *fixture = subject->fixture;
    struct holders holders;

    take_three(subject);
    fixture->advance(fixture->context, MILLISECOND);
    take(subject, &slots, KEY, 1, "one");
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 2, 3, 1 }, 3);
}

static void who_has_given_back_is_no_holder(const struct subject *subject)
{
    struct holders holders;

    take_three(subject);
    take(subject, &slots, KEY, -1, "two");
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 1, 1, 3 }, 3);
    take(subject, &slots, KEY, -1, "one");
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 1, 3 }, 2);
    take(subject, &slots, KEY, INT64_MIN, NULL);
    holders = list(subject, KEY);
    expect_units(&holders, NULL, 0);
}

/* Nobody has swept it away. */
static void an_ended_lease_has_no_holder(const struct subject *subject)
{
    const struct fixture *fixture = subject->fixture;
    struct holders holders;

    take(subject, &slots, KEY, 7, "long");
    take(subject, &short_slots, KEY, 2, "short");
    take(subject, &short_slots, KEY, 3, NULL);
    fixture->advance(fixture->context, TICK);
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 7 }, 1);
}

static void an_early_release_is_no_holder(const struct subject *subject)
{
    struct holders holders;

    take(subject, &slots, KEY, -1, "id");
    take(subject, &slots, KEY, 2, "other");
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 2 }, 1);
}

static void keys_have_their_own_holders(const struct subject *subject)
{
    struct holders holders;

    take(subject, &slots, KEY, 1, "id");
    take(subject, &slots, "other", 2, "id");
    holders = list(subject, KEY);
    expect_units(&holders, (const int64_t[]){ 1 }, 1);
    holders = list(subject, "other");
    expect_units(&holders, (const int64_t[]){ 2 }, 1);
}

static void
many_holders_are_counted_but_not_listed(const struct subject *subject)
{
    static const struct {
        const char *why;
        uint32_t leases, listed, counted;
    } rows[] = {
        { "all are listed", HOLDERS_MAX, HOLDERS_MAX, HOLDERS_MAX },
        { "one too many", HOLDERS_MAX + 1, HOLDERS_MAX, HOLDERS_MAX + 1 },
        { "as many as are counted", HOLDERS_COUNT_MAX, HOLDERS_MAX,
          HOLDERS_COUNT_MAX },
        { "more than that", HOLDERS_COUNT_MAX + 9, HOLDERS_MAX,
          HOLDERS_COUNT_MAX },
    };
    uint32_t leases = 0;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct holders holders;

        for (; leases < rows[i].leases; leases++)
            take(subject, &slots, KEY, 2, NULL);
        holders = list(subject, KEY);
        row_equal_i64(rows[i].why, holders.count, rows[i].listed);
        row_equal_i64(rows[i].why, holders.lease_count, rows[i].counted);
        row_equal_i64(rows[i].why, holders.units, 2 * leases);
        row_equal_i64(rows[i].why, subject_look(subject, &slots, KEY),
                      1000 - 2 * leases);
    }
}

const struct holding_case holding_cases[] = {
#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
    CASE(holders_of_nothing_are_none),
    CASE(holders_stand_in_the_order_of_their_end),
    CASE(a_holder_that_renews_goes_last),
    CASE(who_has_given_back_is_no_holder),
    CASE(an_ended_lease_has_no_holder),
    CASE(an_early_release_is_no_holder),
    CASE(keys_have_their_own_holders),
    CASE(many_holders_are_counted_but_not_listed),
#undef CASE
    { NULL, NULL },
};
