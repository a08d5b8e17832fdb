#include "test/support/table.h"

#include "quota/redis/pending.h"

static struct take takes[PENDING_MAX];

static void add(struct pending *pending, size_t index, int64_t deadline_ns)
{
    const struct operation operation = { .kind = OPERATION_TAKE,
                                         .take = &takes[index],
                                         .deadline_ns = deadline_ns };

    pending_add(pending, &operation);
}

/* The index of the first one sent; -1: none; -2: it has no owner. */
static int64_t take_first(struct pending *pending)
{
    struct operation operation;

    if (!pending_take_first(pending, &operation))
        return -1;
    return operation_has_owner(&operation) ? operation.take - takes : -2;
}

static int64_t take_due(struct pending *pending, int64_t now_ns)
{
    struct operation operation;

    return pending_take_due(pending, now_ns, &operation)
               ? operation.take - takes
               : -1;
}

static void replies_come_in_the_order_of_sending(void **state)
{
    const struct operation probe = { .kind = OPERATION_PROBE };
    struct pending pending;

    (void)state;
    pending_init(&pending);
    assert_int_equal(take_first(&pending), -1);
    add(&pending, 0, 30);
    pending_add(&pending, &probe);
    add(&pending, 1, 10);
    assert_int_equal(take_first(&pending), 0);
    assert_int_equal(take_first(&pending), -2);
    assert_int_equal(take_first(&pending), 1);
    assert_int_equal(take_first(&pending), -1);
    assert_int_equal(pending_deadline_ns(&pending), INT64_MAX);
    pending_fini(&pending);
}

static void deadlines_come_in_their_own_order(void **state)
{
    static const struct {
        const char *why;
        int64_t deadlines[4];
        int64_t order[4];
    } rows[] = {
        { "as sent", { 1, 2, 3, 4 }, { 0, 1, 2, 3 } },
        { "the other way round", { 4, 3, 2, 1 }, { 3, 2, 1, 0 } },
        { "one in the middle", { 1, 4, 2, 3 }, { 0, 2, 3, 1 } },
        { "equal ones as sent", { 2, 1, 2, 1 }, { 1, 3, 0, 2 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct pending pending;

        pending_init(&pending);
        for (size_t n = 0; n < 4; n++)
            add(&pending, n, rows[i].deadlines[n]);
        for (size_t n = 0; n < 4; n++) {
            int64_t due_ns = rows[i].deadlines[rows[i].order[n]];

            row_equal_i64(rows[i].why, pending_deadline_ns(&pending), due_ns);
            row_equal_i64(rows[i].why, take_due(&pending, due_ns - 1), -1);
            row_equal_i64(rows[i].why, take_due(&pending, due_ns),
                          rows[i].order[n]);
        }
        pending_fini(&pending);
    }
}

static void an_expired_one_still_has_its_reply(void **state)
{
    struct pending pending;

    (void)state;
    pending_init(&pending);
    add(&pending, 0, 10);
    add(&pending, 1, 20);
    assert_int_equal(take_due(&pending, 10), 0);
    assert_int_equal(take_first(&pending), -2);
    assert_int_equal(take_first(&pending), 1);
    pending_fini(&pending);
}

static void it_is_bounded_and_goes_round(void **state)
{
    struct pending pending;

    (void)state;
    pending_init(&pending);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < PENDING_MAX; n++) {
            assert_false(pending_is_full(&pending));
            add(&pending, n, (int64_t)n);
        }
        assert_true(pending_is_full(&pending));
        assert_int_equal(take_due(&pending, 0), 0);
        assert_true(pending_is_full(&pending));
        assert_int_equal(take_first(&pending), -2);
        for (int64_t n = 1; n < PENDING_MAX; n++)
            assert_int_equal(take_first(&pending), n);
        /* The next round begins elsewhere in the ring. */
        add(&pending, 0, 0);
        assert_int_equal(take_first(&pending), 0);
    }
    pending_fini(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_come_in_the_order_of_sending),
        cmocka_unit_test(deadlines_come_in_their_own_order),
        cmocka_unit_test(an_expired_one_still_has_its_reply),
        cmocka_unit_test(it_is_bounded_and_goes_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
