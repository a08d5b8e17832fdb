#include "test/support/table.h"

#include "quota/redis/pending.h"

static struct take takes[PENDING_MAX];

static void add_of(struct pending *pending, size_t index, int64_t deadline_ns,
                   uint32_t charge_count)
{
    const struct operation operation = { .kind = OPERATION_TAKE,
                                         .take = &takes[index],
                                         .deadline_ns = deadline_ns,
                                         .charge_count = charge_count,
                                         .result_count = 3 };

    pending_add(pending, &operation);
}

static void add(struct pending *pending, size_t index, int64_t deadline_ns)
{
    add_of(pending, index, deadline_ns, 1);
}

/* Sends one command with as many operations as it may have; returns how
 * many, without those that are gone. */
static uint32_t send_batch(struct pending *pending)
{
    const struct operation *operations[SCRIPT_CHECKS_MAX];
    struct command command = { .kind = COMMAND_CHARGE };
    uint32_t count =
        pending_batch(pending, operations, &command.operation_count);

    if (count > 0)
        pending_add_command(pending, command);
    return count;
}

/* The number of operations of the first command; -1: none; -2: it is of
 * another kind. */
static int64_t take_command(struct pending *pending)
{
    struct command command;

    if (!pending_take_command(pending, &command))
        return -1;
    return command.kind == COMMAND_CHARGE ? (int64_t)command.operation_count
                                          : -2;
}

/* The index of the first operation; -1: none; -2: it is gone. */
static int64_t take_first(struct pending *pending)
{
    struct operation operation;

    if (!pending_take_first(pending, &operation))
        return -1;
    return operation.kind != OPERATION_GONE ? operation.take - takes : -2;
}

static int64_t take_due(struct pending *pending, int64_t now_ns)
{
    struct operation operation;

    return pending_take_due(pending, now_ns, &operation)
               ? operation.take - takes
               : -1;
}

static void what_is_asked_together_is_sent_together(void **state)
{
    const struct command probe = { .kind = COMMAND_PROBE };
    struct pending pending;

    (void)state;
    pending_init(&pending);
    assert_int_equal(take_command(&pending), -1);
    assert_int_equal(take_first(&pending), -1);
    assert_int_equal(send_batch(&pending), 0);
    add(&pending, 0, 30);
    add(&pending, 1, 10);
    assert_int_equal(send_batch(&pending), 2);
    pending_add_command(&pending, probe);
    add(&pending, 2, 20);
    assert_int_equal(send_batch(&pending), 1);
    assert_int_equal(send_batch(&pending), 0);

    assert_int_equal(take_command(&pending), 2);
    assert_int_equal(take_first(&pending), 0);
    assert_int_equal(take_first(&pending), 1);
    assert_int_equal(take_command(&pending), -2);
    assert_int_equal(take_command(&pending), 1);
    assert_int_equal(take_first(&pending), 2);
    assert_int_equal(take_command(&pending), -1);
    assert_int_equal(pending_deadline_ns(&pending), INT64_MAX);
    pending_fini(&pending);
}

static void a_command_holds_so_many(void **state)
{
    static const struct {
        const char *why;
        uint32_t charge_count; /* of each of 40 operations */
        uint32_t sent[6];
    } rows[] = {
        { "checks of one charge", 1, { 32, 8 } },
        { "checks of two", 2, { 32, 8 } },
        { "checks of three: fewer fit", 3, { 21, 19 } },
        { "checks of eight", 8, { 8, 8, 8, 8, 8, 0 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct pending pending;

        pending_init(&pending);
        for (size_t n = 0; n < 40; n++)
            add_of(&pending, n, 1, rows[i].charge_count);
        for (size_t n = 0; n < ROWS(rows[i].sent); n++)
            row_equal_i64(rows[i].why, send_batch(&pending), rows[i].sent[n]);
        pending_fini(&pending);
    }
}

static void add_list(struct pending *pending, struct holders *holders)
{
    const struct operation operation = { .kind = OPERATION_HOLDERS,
                                         .holders = holders,
                                         .deadline_ns = 1,
                                         .result_count = 2 };

    pending_add(pending, &operation);
}

static void a_list_goes_alone(void **state)
{
    struct holders holders;
    struct pending pending;

    (void)state;
    pending_init(&pending);
    add(&pending, 0, 1);
    add(&pending, 1, 1);
    add_list(&pending, &holders);
    add_list(&pending, &holders);
    add(&pending, 2, 1);
    assert_int_equal(send_batch(&pending), 2);
    assert_int_equal(send_batch(&pending), 1);
    assert_int_equal(send_batch(&pending), 1);
    assert_int_equal(send_batch(&pending), 1);
    assert_int_equal(send_batch(&pending), 0);
    pending_fini(&pending);
}

static void add_at(struct pending *pending, uint16_t slot, bool is_asking,
                   bool is_alone)
{
    const struct operation operation = { .kind = OPERATION_TAKE,
                                         .take = &takes[0],
                                         .slot = slot,
                                         .is_asking = is_asking,
                                         .is_alone = is_alone,
                                         .charge_count = 1,
                                         .result_count = 2 };

    pending_add(pending, &operation);
}

/* In a cluster. */
static void a_command_holds_what_is_of_one_slot(void **state)
{
    static const uint32_t sent[] = { 2, 1, 1, 1, 1, 1, 2, 0 };
    struct pending pending;

    (void)state;
    pending_init(&pending);
    add_at(&pending, 7, false, false);
    add_at(&pending, 7, false, false);
    add_at(&pending, 8, false, false);
    add_at(&pending, 7, false, false);
    add_at(&pending, 7, true, false);
    add_at(&pending, 7, true, false);
    add_at(&pending, 7, false, true);
    add_at(&pending, 7, false, false);
    add_at(&pending, 7, false, false);
    for (size_t i = 0; i < ROWS(sent); i++)
        assert_int_equal(send_batch(&pending), sent[i]);
    pending_fini(&pending);
}

static void deadlines_come_in_their_own_order(void **state)
{
    static const struct {
        const char *why;
        int64_t deadlines[4];
        int64_t order[4];
    } rows[] = {
        { "as asked", { 1, 2, 3, 4 }, { 0, 1, 2, 3 } },
        { "the other way round", { 4, 3, 2, 1 }, { 3, 2, 1, 0 } },
        { "one in the middle", { 1, 4, 2, 3 }, { 0, 2, 3, 1 } },
        { "equal ones as asked", { 2, 1, 2, 1 }, { 1, 3, 0, 2 } },
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

static void what_was_sent_and_is_gone_still_has_its_reply(void **state)
{
    struct operation operation;
    struct pending pending;

    (void)state;
    pending_init(&pending);
    add(&pending, 0, 10);
    add(&pending, 1, 20);
    assert_int_equal(send_batch(&pending), 2);
    assert_int_equal(take_due(&pending, 10), 0);
    assert_int_equal(take_command(&pending), 2);
    assert_true(pending_take_first(&pending, &operation));
    assert_int_equal(operation.kind, OPERATION_GONE);
    assert_int_equal(operation.result_count, 3);
    assert_int_equal(take_first(&pending), 1);
    pending_fini(&pending);
}

static void what_is_gone_before_it_was_sent_never_is(void **state)
{
    struct operation operation;
    struct pending pending;

    (void)state;
    pending_init(&pending);
    /* Among others: it has a place in the command, but no results. */
    add(&pending, 0, 20);
    add(&pending, 1, 10);
    add(&pending, 2, 20);
    assert_int_equal(take_due(&pending, 10), 1);
    assert_int_equal(send_batch(&pending), 2);
    assert_int_equal(take_command(&pending), 3);
    assert_int_equal(take_first(&pending), 0);
    assert_true(pending_take_first(&pending, &operation));
    assert_int_equal(operation.kind, OPERATION_GONE);
    assert_int_equal(operation.result_count, 0);
    assert_int_equal(take_first(&pending), 2);

    /* Alone: nothing is left of it. */
    add(&pending, 3, 30);
    assert_int_equal(take_due(&pending, 30), 3);
    assert_int_equal(send_batch(&pending), 0);
    assert_int_equal(take_first(&pending), -1);

    /* Behind one that was sent: its place is kept until that has its reply. */
    add(&pending, 4, 50);
    assert_int_equal(send_batch(&pending), 1);
    add(&pending, 5, 40);
    assert_int_equal(take_due(&pending, 40), 5);
    assert_int_equal(send_batch(&pending), 0);
    assert_int_equal(take_command(&pending), 1);
    assert_int_equal(take_first(&pending), 4);
    assert_int_equal(take_first(&pending), -1);
    assert_int_equal(pending.count, 0);
    assert_int_equal(pending.unsent_count, 0);
    pending_fini(&pending);
}

static void it_is_bounded_and_goes_round(void **state)
{
    const struct command clock = { .kind = COMMAND_CLOCK };
    struct pending pending;

    (void)state;
    pending_init(&pending);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < PENDING_MAX; n++) {
            assert_false(pending_is_full(&pending));
            add(&pending, n, (int64_t)n);
        }
        assert_true(pending_is_full(&pending));
        for (int n = 0; n < PENDING_MAX / SCRIPT_CHECKS_MAX; n++)
            assert_int_equal(send_batch(&pending), SCRIPT_CHECKS_MAX);
        assert_int_equal(send_batch(&pending), 0);
        assert_int_equal(take_due(&pending, 0), 0);
        assert_true(pending_is_full(&pending));
        assert_int_equal(take_first(&pending), -2);
        for (int64_t n = 1; n < PENDING_MAX; n++)
            assert_int_equal(take_first(&pending), n);
        for (int n = 0; n < PENDING_MAX / SCRIPT_CHECKS_MAX; n++)
            assert_int_equal(take_command(&pending), SCRIPT_CHECKS_MAX);
        /* The next round begins elsewhere in the rings. */
        add(&pending, 0, 0);
        assert_int_equal(send_batch(&pending), 1);
        assert_int_equal(take_command(&pending), 1);
        assert_int_equal(take_first(&pending), 0);
    }
    while (!pending_has_all_commands(&pending))
        pending_add_command(&pending, clock);
    assert_int_equal(pending.command_count, PENDING_MAX);
    pending_fini(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_together_is_sent_together),
        cmocka_unit_test(a_command_holds_so_many),
        cmocka_unit_test(a_list_goes_alone),
        cmocka_unit_test(a_command_holds_what_is_of_one_slot),
        cmocka_unit_test(deadlines_come_in_their_own_order),
        cmocka_unit_test(what_was_sent_and_is_gone_still_has_its_reply),
        cmocka_unit_test(what_is_gone_before_it_was_sent_never_is),
        cmocka_unit_test(it_is_bounded_and_goes_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
