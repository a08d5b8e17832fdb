/*
 * Processes are killed at any instant, thousands of times, many of them while
 * they hold the lock; now and then all of them, and the store is opened anew
 * from its file. Each writes down what it is about to do, and whoever comes
 * after it repeats that, as a caller would. So in the end it is known exactly
 * what is held: not a slot more, not one less.
 */
#include "test/quota/local_check.h"
#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/clocks.h"
#include "quota/local/local.h"
#include "quota/local/store_file.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 2
#define SLOT_KEYS 3
#define HELD_MAX 8

/* All are killed after so many deaths of one. */
#define ROUNDS_PER_LIFE 50
#define LIVES_MIN 20
/* Deaths with the lock held, that others then recovered from. */
#define RECOVERIES_WANTED 1000
#define LIVES_MAX 100

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 3,
                                    .lease_ns = 24 * HOUR };
/* Nothing comes back while the test runs. */
static const struct limit own_rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                       .amount = 1,
                                       .period_ns = 24 * HOUR,
                                       .burst = LIMIT_AMOUNT_MAX };
static const struct limit common_rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                          .amount = 1,
                                          .period_ns = 24 * HOUR,
                                          .burst = 100000 };

/* Keys: those of slots, then that of all, then one of each process. */
#define COMMON_KEY SLOT_KEYS
#define OWN_KEY(process) (SLOT_KEYS + 1 + (process))

enum intent {
    NOTHING,
    TAKE_SLOT,
    GIVE_SLOT,
    TAKE_TOKENS, /* one of its own and one of all, or none */
};

struct held {
    uint64_t key, id;
};

/* What a process knows; it outlives it. */
struct journal {
    _Atomic enum intent intent;
    struct held slot; /* that it takes or gives */
    struct held held[HELD_MAX];
    _Atomic uint32_t held_count;
    int64_t tokens; /* of its own, so many of all */
    struct random random;
};

struct board {
    struct journal journals[PROCESSES];
    _Atomic uint64_t recoveries, operations;
    _Atomic uint64_t broken; /* answers that cannot be */
};

static struct board *board;

/* One process at work. */
struct worker {
    struct store *store;
    struct journal *journal;
    uint64_t number;
    uint64_t recoveries; /* that the board knows of */
};

static struct charge charge_of(struct worker *worker, const struct limit *limit,
                               uint64_t key, int64_t amount)
{
    return (struct charge){
        .limit = limit,
        .key = store_hash(worker->store,
                          (struct str){ (const char *)&key, sizeof(key) }),
        .amount = amount,
    };
}

/* A machine that is busy may stop a process while it holds the lock. */
static void run_take(struct worker *worker, struct take *take)
{
    do
        store_take(worker->store, take, clock_boot_ns());
    while (take->status == TAKE_OUTAGE);
    board->recoveries += worker->store->stats.recoveries - worker->recoveries;
    worker->recoveries = worker->store->stats.recoveries;
    board->operations++;
}

/* One unit of the slot's key, by its id. Returns how many were granted. */
static int64_t run_slot(struct worker *worker, int64_t amount)
{
    const struct held *slot = &worker->journal->slot;
    struct take take = { .count = 1 };

    take.charges[0] = charge_of(worker, &slots, slot->key, amount);
    take.charges[0].has_id = true;
    take.charges[0].id =
        store_hash(worker->store, (struct str){ (const char *)&slot->id, 8 });
    run_take(worker, &take);
    return take.grants[0].granted;
}

static int64_t used(struct worker *worker, const struct limit *limit,
                    uint64_t key)
{
    struct take take = { .count = 1 };

    take.charges[0] = charge_of(worker, limit, key, 0);
    run_take(worker, &take);
    return (limit == &slots ? limit->amount : limit->burst) -
           take.grants[0].remaining;
}

/* ---- operations, each safe to repeat ----------------------------------- */

static bool is_last(const struct journal *journal, uint64_t id)
{
    uint32_t count = journal->held_count;

    return count > 0 && journal->held[count - 1].id == id;
}

static void take_slot(struct worker *worker)
{
    struct journal *journal = worker->journal;

    if (run_slot(worker, 1) == 0 || is_last(journal, journal->slot.id))
        return;
    journal->held[journal->held_count] = journal->slot;
    journal->held_count++;
}

static void give_slot(struct worker *worker)
{
    struct journal *journal = worker->journal;

    run_slot(worker, -1);
    if (is_last(journal, journal->slot.id))
        journal->held_count--;
}

static void take_tokens(struct worker *worker)
{
    struct take take = { .count = 2 };
    struct journal *journal = worker->journal;

    take.charges[0] = charge_of(worker, &own_rate, OWN_KEY(worker->number), 1);
    take.charges[1] = charge_of(worker, &common_rate, COMMON_KEY, 1);
    run_take(worker, &take);
    board->broken += take.grants[0].granted != take.grants[1].granted;
    journal->tokens += take.grants[0].granted;
}

/* Tokens have no id; but its own key tells whether they were taken. */
static void settle_tokens(struct worker *worker)
{
    struct journal *journal = worker->journal;
    int64_t taken = used(worker, &own_rate, OWN_KEY(worker->number));

    board->broken += taken != journal->tokens && taken != journal->tokens + 1;
    journal->tokens = taken;
}

/* Ends what the one before it has begun. */
static void settle(struct worker *worker)
{
    switch (atomic_load(&worker->journal->intent)) {
    case NOTHING:
        break;
    case TAKE_SLOT:
        take_slot(worker);
        break;
    case GIVE_SLOT:
        give_slot(worker);
        break;
    case TAKE_TOKENS:
        settle_tokens(worker);
        break;
    }
    worker->journal->intent = NOTHING;
}

static void begin_slot(struct worker *worker)
{
    struct journal *journal = worker->journal;
    uint32_t count = journal->held_count;

    if (count == 0 ||
        (count < HELD_MAX && random_below(&journal->random, 2) == 0)) {
        journal->slot.key = (uint64_t)random_below(&journal->random, SLOT_KEYS);
        journal->slot.id = random_next(&journal->random);
        journal->intent = TAKE_SLOT;
        take_slot(worker);
    } else {
        journal->slot = journal->held[count - 1];
        journal->intent = GIVE_SLOT;
        give_slot(worker);
    }
    journal->intent = NOTHING;
}

static void work(struct worker *worker)
{
    settle(worker);
    for (;;) {
        begin_slot(worker);
        worker->journal->intent = TAKE_TOKENS;
        take_tokens(worker);
        worker->journal->intent = NOTHING;
    }
}

static struct worker worker_of(struct store *store, uint64_t number)
{
    return (struct worker){ .store = store,
                            .journal = &board->journals[number],
                            .number = number };
}

static pid_t start(int fd, uint64_t number)
{
    pid_t child = fork();

    if (child == 0) {
        struct worker worker = worker_of(local_open(fd), number);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (worker.store)
            work(&worker);
        _exit(1);
    }
    assert_true(child > 0);
    return child;
}

static void end(pid_t child)
{
    int status;

    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- what must be so when nobody works --------------------------------- */

static void check_slots(struct worker *worker, uint64_t key)
{
    int64_t held = 0;

    for (int i = 0; i < PROCESSES; i++)
        for (uint32_t n = 0; n < board->journals[i].held_count; n++)
            held += board->journals[i].held[n].key == key;
    assert_in_range(held, 0, slots.amount);
    assert_int_equal(used(worker, &slots, key), held);
}

static void check_all(int fd)
{
    struct store *store = local_open(fd);
    struct worker worker;
    int64_t tokens = 0;

    local_check(fd);
    for (uint64_t i = 0; i < PROCESSES; i++) {
        worker = worker_of(store, i);
        settle(&worker);
        assert_int_equal(used(&worker, &own_rate, OWN_KEY(i)),
                         worker.journal->tokens);
        tokens += worker.journal->tokens;
    }
    worker = worker_of(store, 0);
    assert_in_range(tokens, 0, common_rate.burst);
    assert_int_equal(used(&worker, &common_rate, COMMON_KEY), tokens);
    for (uint64_t key = 0; key < SLOT_KEYS; key++)
        check_slots(&worker, key);
    assert_int_equal(board->broken, 0);
    store_free(store);
}

/* From start to the death of all. */
static void live(int fd, struct random *random)
{
    pid_t children[PROCESSES];

    for (uint64_t i = 0; i < PROCESSES; i++)
        children[i] = start(fd, i);
    for (int round = 0; round < ROUNDS_PER_LIFE; round++) {
        struct timespec pause = { 0, random_below(random, MILLISECOND / 2) };
        uint64_t victim = (uint64_t)random_below(random, PROCESSES);

        nanosleep(&pause, NULL);
        end(children[victim]);
        children[victim] = start(fd, victim);
    }
    for (int i = 0; i < PROCESSES; i++)
        end(children[i]);
}

static void not_a_slot_is_lost_or_held_twice(void **state)
{
    char folder[] = "/tmp/sluice-kill-XXXXXX", path[64];
    struct random random = random_from(3);
    struct store_file_report report;
    int life = 0;

    (void)state;
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(board != MAP_FAILED);
    for (uint64_t i = 0; i < PROCESSES; i++)
        board->journals[i].random = random_from(i);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/store", folder);
    while (life < LIVES_MIN ||
           (life < LIVES_MAX && board->recoveries < RECOVERIES_WANTED)) {
        struct clocks now = clocks_read();
        int fd = store_file_open(path, LOCAL_SIZE_MIN_BYTES, &now, &report);

        assert_int_equal(report.state,
                         life == 0 ? STORE_FILE_NEW : STORE_FILE_RESUMED);
        check_all(fd);
        live(fd, &random);
        close(fd);
        life++;
    }
    print_message("%d deaths, %llu with the lock held, %llu operations\n",
                  life * (ROUNDS_PER_LIFE + PROCESSES),
                  (unsigned long long)board->recoveries,
                  (unsigned long long)board->operations);
    assert_true(board->recoveries > 0);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_slot_is_lost_or_held_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
