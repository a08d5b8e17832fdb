/*
 * Several processes on one store: limits hold exactly, whoever asks, and
 * whoever is killed.
 */
#include "test/quota/local_check.h"
#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 4
#define TAKES 40000

/* What the processes tell each other besides the store. */
struct board {
    _Atomic int64_t ready;   /* processes that may begin */
    _Atomic int64_t granted; /* tokens, by all */
    _Atomic int64_t flying;  /* slots that are held */
    _Atomic int64_t most_flying;
    _Atomic int64_t broken; /* operations that did what they must not */
};

static struct board *board;

/* One process of a race. */
struct racer {
    struct store *store;
    struct random random;
};

static int start_board(void **state)
{
    (void)state;
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return board == MAP_FAILED ? -1 : 0;
}

static void wait_for_others(void)
{
    board->ready++;
    while (board->ready < PROCESSES)
        sched_yield();
}

/* Runs `race` in a child of its own. */
static pid_t start(int fd, uint64_t seed, void (*race)(struct racer *racer))
{
    pid_t child = fork();

    if (child == 0) {
        struct racer racer = { local_open(fd), random_from(seed) };

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!racer.store)
            _exit(1);
        race(&racer);
        _exit(0);
    }
    assert_true(child > 0);
    return child;
}

/* A machine that is busy may stop a process while it holds a lock. */
static void take_once_up(struct racer *racer, struct take *take)
{
    do
        store_take(racer->store, take, clock_boot_ns());
    while (take->status == TAKE_OUTAGE);
}

static struct charge charge_of(struct racer *racer, const struct limit *limit,
                               uint8_t key, int64_t amount)
{
    return (struct charge){
        .limit = limit,
        .key = store_hash(racer->store, (struct str){ (const char *)&key, 1 }),
        .amount = amount,
    };
}

#define KEYS 8

/* Nothing comes back while the test runs. */
static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 1,
                                   .period_ns = 24 * HOUR,
                                   .burst = 10000,
                                   .dedup_ns = HOUR };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 10,
                                    .lease_ns = HOUR };

/* Takes of two rates, so that shards are locked in pairs. */
static void race_for_tokens(struct racer *racer)
{
    wait_for_others();
    for (int i = 0; i < TAKES; i++) {
        struct take take = { .count = 2 };
        uint8_t first = (uint8_t)random_below(&racer->random, KEYS);
        uint8_t second = (uint8_t)random_below(&racer->random, KEYS);

        take.charges[0] = charge_of(racer, &rate, first, 1);
        take.charges[1] = charge_of(racer, &rate, second, 1);
        take_once_up(racer, &take);
        board->granted += take.grants[0].granted + take.grants[1].granted;
    }
}

static void race_for_slots(struct racer *racer)
{
    wait_for_others();
    for (int i = 0; i < TAKES / 4; i++) {
        struct take take = { .count = 1 };
        int64_t flying, most;

        take.charges[0] = charge_of(racer, &slots, 0, 1);
        take_once_up(racer, &take);
        if (take.status == TAKE_REFUSED)
            continue;
        flying = ++board->flying;
        most = board->most_flying;
        while (most < flying && !atomic_compare_exchange_weak(
                                    &board->most_flying, &most, flying))
            ;
        /* Held for a while, so that others meet it. */
        if (random_below(&racer->random, 4) == 0)
            sched_yield();
        board->flying--;
        take.charges[0].amount = -1;
        take.charges[0].has_id = true;
        memcpy(&take.charges[0].id, take.grants[0].lease_id, 16);
        take_once_up(racer, &take);
        board->broken += take.grants[0].granted != 1;
    }
}

/* Fewer than the store can remember. */
#define RETRIES 1000

/* All send the same ids, in about the same order. */
static void race_with_retries(struct racer *racer)
{
    wait_for_others();
    for (int i = 0; i < RETRIES; i++) {
        struct take take = { .count = 1 };

        take.charges[0] = charge_of(racer, &rate, 0, 3);
        take.charges[0].has_id = true;
        take.charges[0].id = store_hash(
            racer->store, (struct str){ (const char *)&i, sizeof(i) });
        take_once_up(racer, &take);
        board->broken += take.grants[0].granted != 3;
    }
}

static void run_race(int fd, void (*race)(struct racer *racer))
{
    pid_t children[PROCESSES];

    *board = (struct board){ 0 };
    for (uint64_t i = 0; i < PROCESSES; i++)
        children[i] = start(fd, i + 1, race);
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    local_check(fd);
}

static int64_t left(int fd, const struct limit *limit, uint8_t key)
{
    struct racer racer = { .store = local_open(fd) };
    struct take take = { .count = 1 };

    take.charges[0] = charge_of(&racer, limit, key, 0);
    take_once_up(&racer, &take);
    store_free(racer.store);
    return take.grants[0].remaining;
}

static void tokens_are_granted_once(void **state)
{
    int fd = local_create(16 * LOCAL_SIZE_MIN_BYTES);
    int64_t left_count = 0;

    (void)state;
    run_race(fd, race_for_tokens);
    for (uint8_t key = 0; key < KEYS; key++)
        left_count += left(fd, &rate, key);
    assert_int_equal(board->granted + left_count, KEYS * rate.burst);
    /* So many were asked for that the limits did hold. */
    assert_true(left_count < KEYS * rate.burst / 100);
    close(fd);
}

static void slots_are_held_once(void **state)
{
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);

    (void)state;
    run_race(fd, race_for_slots);
    assert_int_equal(board->broken, 0);
    assert_true(board->most_flying > 1);
    assert_true(board->most_flying <= slots.amount);
    assert_int_equal(left(fd, &slots, 0), slots.amount);
    close(fd);
}

static void retries_of_all_are_charged_once(void **state)
{
    int fd = local_create(4 * LOCAL_SIZE_MIN_BYTES);

    (void)state;
    run_race(fd, race_with_retries);
    assert_int_equal(board->broken, 0);
    assert_int_equal(left(fd, &rate, 0), rate.burst - (int64_t)RETRIES * 3);
    close(fd);
}

/* Takes, renews and releases until it is killed. */
static void race_until_killed(struct racer *racer)
{
    struct take take = { .count = 3 };

    for (;;) {
        for (uint32_t i = 0; i < take.count; i++) {
            uint8_t key = (uint8_t)random_below(&racer->random, KEYS);
            uint64_t id = random_next(&racer->random) % 8;

            take.charges[i] =
                charge_of(racer, key % 2 == 0 ? &rate : &slots, key,
                          random_below(&racer->random, 5) - 2);
            take.charges[i].has_id = id != 0;
            take.charges[i].id = store_hash(
                racer->store, (struct str){ (const char *)&id, sizeof(id) });
        }
        take_once_up(racer, &take);
    }
}

static void the_killed_leave_all_in_order(void **state)
{
    static const int rounds = 200;
    int fd = local_create(2 * LOCAL_SIZE_MIN_BYTES);
    struct random random = random_from(9);
    pid_t children[PROCESSES];

    (void)state;
    for (uint64_t i = 0; i < PROCESSES; i++)
        children[i] = start(fd, i, race_until_killed);
    for (int round = 0; round < rounds; round++) {
        struct timespec pause = { 0, random_below(&random, 3 * MILLISECOND) };
        size_t victim = (size_t)random_below(&random, PROCESSES);

        nanosleep(&pause, NULL);
        kill(children[victim], SIGKILL);
        assert_int_equal(waitpid(children[victim], NULL, 0), children[victim]);
        children[victim] =
            start(fd, (uint64_t)round + PROCESSES, race_until_killed);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    local_check(fd);
    for (uint8_t key = 0; key < KEYS; key++)
        assert_in_range(left(fd, key % 2 == 0 ? &rate : &slots, key), 0,
                        key % 2 == 0 ? rate.burst : slots.amount);
    close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_granted_once),
        cmocka_unit_test(slots_are_held_once),
        cmocka_unit_test(retries_of_all_are_charged_once),
        cmocka_unit_test(the_killed_leave_all_in_order),
    };

    return cmocka_run_group_tests(tests, start_board, NULL);
}
