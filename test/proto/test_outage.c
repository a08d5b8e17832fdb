/* When an outage begins and ends. Time moves by addition. */
#include "proto/server/call/outage.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

enum event {
    MISSED,
    DOWN,
    UP_TURN,   /* the loop turns, the store is up */
    DOWN_TURN, /* the same, it is not */
};

static void happen(struct outage *outage, enum event event, int64_t now_ns)
{
    switch (event) {
    case MISSED:
        outage_missed(outage, now_ns);
        break;
    case DOWN:
        outage_down(outage, "127.0.0.1:6379", "refused", now_ns);
        break;
    case UP_TURN:
        outage_turn(outage, true, now_ns);
        break;
    case DOWN_TURN:
        outage_turn(outage, false, now_ns);
        break;
    }
}

static void test_episodes(void **state)
{
    static const struct {
        const char *why;
        int64_t at_ms;
        enum event event;
        bool is_open;
        uint64_t episodes;
    } rows[] = {
        { "all is well", 0, UP_TURN, false, 0 },
        { "one is missed", 10, MISSED, true, 1 },
        { "one more is the same outage", 20, MISSED, true, 1 },
        { "up so soon, it wavers", 300, UP_TURN, true, 1 },
        { "missed again", 400, MISSED, true, 1 },
        { "quiet counts from the last miss", 899, UP_TURN, true, 1 },
        { "quiet for long enough", 900, UP_TURN, false, 1 },
        { "stays well", 901, UP_TURN, false, 1 },
        { "the connection is lost", 3000, DOWN, true, 2 },
        { "nothing is asked, but it is not back", 9000, DOWN_TURN, true, 2 },
        { "back", 9001, UP_TURN, false, 2 },
    };
    struct gate gate = { 0 };
    struct outage outage;

    (void)state;
    outage_init(&outage, &gate, 3);
    for (size_t i = 0; i < ROWS(rows); i++) {
        happen(&outage, rows[i].event, rows[i].at_ms * MILLISECOND);
        row_equal_i64(rows[i].why, gate.mask, rows[i].is_open ? 1 << 3 : 0);
        row_equal_i64(rows[i].why, gate.episodes, rows[i].episodes);
    }
}

/* Two workers: the gate is open while one of them misses answers. */
static void test_two_workers(void **state)
{
    struct gate gate = { 0 };
    struct outage first, second;

    (void)state;
    outage_init(&first, &gate, 0);
    outage_init(&second, &gate, 1);
    outage_missed(&first, 0);
    outage_count(&first);
    outage_missed(&second, 1);
    outage_count(&second);
    assert_int_equal(gate.mask, 3);
    assert_int_equal(gate.episodes, 1);
    assert_int_equal(gate.answers, 2);
    outage_turn(&first, true, 2 * SECOND);
    assert_int_equal(gate.mask, 2);
    outage_turn(&second, true, 2 * SECOND);
    assert_int_equal(gate.mask, 0);
}

/* A worker that replaces another inherits its bit, and clears it. */
static void test_successor(void **state)
{
    struct gate gate = { 0 };
    struct outage former, successor;

    (void)state;
    outage_init(&former, &gate, 5);
    outage_missed(&former, SECOND);
    outage_init(&successor, &gate, 5);
    outage_turn(&successor, true, 5 * SECOND);
    assert_int_equal(gate.mask, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_episodes),
        cmocka_unit_test(test_two_workers),
        cmocka_unit_test(test_successor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
