/* What the master decides: who gets a connection, when to start again; and the
 * order in which its loop handles what happens. */
#include "policy/base/clock.h"
#include "proto/server/master/balance.h"
#include "proto/server/master/fleet.h"
#include "proto/server/shared/loop.h"
#include "test/support/table.h"

#include <unistd.h>

static void test_balance(void **state)
{
    static const struct {
        const char *why;
        struct load loads[3];
        uint32_t last;
        int32_t picked;
    } rows[] = {
        { "none available", { { false, 0, 0, 0 } }, 0, -1 },
        { "at rest: the next one",
          { { true, 0, 0, 0 }, { true, 0, 0, 0 }, { true, 0, 0, 0 } },
          0,
          1 },
        { "and around",
          { { true, 0, 0, 0 }, { true, 0, 0, 0 }, { true, 0, 0, 0 } },
          2,
          0 },
        { "the idle one",
          { { true, 500, 1, 0 }, { true, 400, 1, 0 }, { true, 0, 0, 0 } },
          2,
          2 },
        { "never one that is away",
          { { false, 0, 0, 0 }, { true, 400, 1, 0 }, { false, 0, 0, 0 } },
          1,
          1 },
        { "handed since the sample counts at rest",
          { { true, 0, 0, 1 }, { true, 0, 0, 0 }, { true, 0, 0, 1 } },
          1,
          1 },
        { "as much as the average connection does: 250",
          { { true, 500, 2, 0 }, { true, 300, 2, 1 }, { true, 700, 2, 0 } },
          0,
          0 },
        { "a small lead does not draw all new connections",
          { { true, 1000, 4, 0 }, { true, 990, 4, 1 }, { false, 0, 0, 0 } },
          1,
          0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, balance_pick(rows[i].loads, 3, rows[i].last),
                      rows[i].picked);
}

static void test_restart_delay(void **state)
{
    static const struct {
        const char *why;
        int64_t last_ns, lived_ns, delay_ns;
    } rows[] = {
        { "first death", 0, 0, 50 * MILLISECOND },
        { "died young again", 50 * MILLISECOND, SECOND, 100 * MILLISECOND },
        { "doubles", 400 * MILLISECOND, SECOND, 800 * MILLISECOND },
        { "up to a second", 800 * MILLISECOND, SECOND, SECOND },
        { "and stays", SECOND, 0, SECOND },
        { "forgiven after a life", SECOND, 10 * SECOND, 50 * MILLISECOND },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why,
                      restart_delay_ns(rows[i].last_ns, rows[i].lived_ns),
                      rows[i].delay_ns);
}

static void test_vote(void **state)
{
    static const struct {
        const char *why;
        bool is_serving[2];
        uint64_t ready[2];
        const char *refusal;
        enum fleet_vote vote;
    } rows[] = {
        { "nobody has answered",
          { true, true },
          { 0, 0 },
          "",
          FLEET_UNDECIDED },
        { "one has", { true, true }, { 7, 0 }, "", FLEET_UNDECIDED },
        { "all have", { true, true }, { 7, 7 }, "", FLEET_READY },
        { "an answer to an earlier candidate",
          { true, true },
          { 7, 6 },
          "",
          FLEET_UNDECIDED },
        { "one died since", { true, false }, { 7, 7 }, "", FLEET_UNDECIDED },
        { "one cannot load it",
          { true, true },
          { 7, 0 },
          "no memory",
          FLEET_REFUSED },
        { "a refusal outlives its worker",
          { true, false },
          { 7, 7 },
          "no memory",
          FLEET_REFUSED },
    };
    const struct edition candidate = { .generation = 7, .sealed = -1 };
    int fd;

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct fleet fleet = { .shared = shared_create(2, &fd),
                               .candidate = &candidate };

        close(fd);
        snprintf(fleet.refusal, sizeof(fleet.refusal), "%s", rows[i].refusal);
        for (size_t j = 0; j < 2; j++) {
            fleet.berths[j].is_serving = rows[i].is_serving[j];
            fleet.berths[j].ready_generation = rows[i].ready[j];
        }
        row_equal_i64(rows[i].why, fleet_vote(&fleet), rows[i].vote);
    }
}

/* A timer and a descriptor that write down when they ran. */
static char happened[16];

static void note(char what)
{
    happened[strlen(happened)] = what;
}

static void on_first(struct timer *timer, int64_t now_ns)
{
    assert_true(timer->at_ns <= now_ns);
    note('1');
}

static void on_second(struct timer *timer, int64_t now_ns)
{
    assert_true(timer->at_ns <= now_ns);
    note('2');
}

static void on_readable(struct waitable *waitable, int64_t now_ns)
{
    assert_true(waitable->fd >= 0 && now_ns > 0);
    note('r');
}

static void test_loop_order(void **state)
{
    struct loop loop;
    struct timer first, second, never;
    struct waitable readable = { -1, on_readable };
    int pipe_fds[2];

    (void)state;
    memset(happened, 0, sizeof(happened));
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    readable.fd = pipe_fds[0];
    assert_true(loop_init(&loop));
    assert_true(loop_add(&loop, &readable));
    timer_init(&first, on_first);
    timer_init(&second, on_second);
    timer_init(&never, on_first);
    loop_set(&loop, &second, 2);
    loop_set(&loop, &never, 0);
    loop_set(&loop, &first, 9);
    loop_set(&loop, &first, 1);
    loop_cancel(&never);
    for (int i = 0; i < 4; i++)
        loop_turn(&loop);
    loop_remove(&loop, &readable);
    loop_set(&loop, &second, 0);
    loop_turn(&loop);
    /* Timers in their order, first; then what can be read, again and again. */
    assert_string_equal(happened, "12rr2");
    loop_fini(&loop);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_restart_delay),
        cmocka_unit_test(test_vote),
        cmocka_unit_test(test_loop_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
