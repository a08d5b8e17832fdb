/*
 * What a process leaves that dies inside of an operation, at every step of it.
 *
 * The linker puts us between the store and its undo log (--wrap), so that a
 * child can die just before or after a line is saved, or a change committed or
 * undone. What it may have written to the lines it saved is anything, so it
 * leaves garbage there. And it is stepped through, to die at any instruction.
 */
#include "test/quota/drive.h"
#include "test/quota/local_check.h"
#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/local/mapping.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

void __real_undo_save(struct undo *undo, const void *address);
void __wrap_undo_save(struct undo *undo, const void *address);
void __real_undo_commit(struct undo *undo);
void __wrap_undo_commit(struct undo *undo);
void __real_undo_roll_back(struct undo *undo);
void __wrap_undo_roll_back(struct undo *undo);

/* Steps left to live; 0: for ever. */
static int life;

/* The lines behind an undo log as they were, and which of them were saved
 * since. NULL: nobody watches. */
struct watch {
    unsigned char *before;
    bool *is_saved;
    size_t count;
};
static struct watch *watch;

static const unsigned char *line_at(const void *lines, size_t index)
{
    return (const unsigned char *)lines + index * UNDO_LINE_BYTES;
}

static bool has_changed(const struct undo *undo, size_t line)
{
    return memcmp(line_at(undo, line), line_at(watch->before, line),
                  UNDO_LINE_BYTES) != 0;
}

static void see_saved(const struct undo *undo, const void *address)
{
    size_t line =
        (size_t)((const unsigned char *)address - (const unsigned char *)undo) /
        UNDO_LINE_BYTES;

    if (!watch)
        return;
    assert_in_range(line, sizeof(*undo) / UNDO_LINE_BYTES, watch->count - 1);
    if (!watch->is_saved[line])
        assert_false(has_changed(undo, line));
    watch->is_saved[line] = true;
}

static void spoil_saved_lines(struct undo *undo)
{
    uint32_t count = atomic_load(&undo->count);

    for (uint32_t i = 0; i < count; i++)
        memset((unsigned char *)undo + (size_t)undo->lines[i] * UNDO_LINE_BYTES,
               0xdb, UNDO_LINE_BYTES);
}

static void live_on(struct undo *undo)
{
    if (life == 0 || --life > 0)
        return;
    spoil_saved_lines(undo);
    kill(getpid(), SIGKILL);
}

void __wrap_undo_save(struct undo *undo, const void *address)
{
    see_saved(undo, address);
    live_on(undo);
    __real_undo_save(undo, address);
    live_on(undo);
}

void __wrap_undo_commit(struct undo *undo)
{
    live_on(undo);
    __real_undo_commit(undo);
    live_on(undo);
}

void __wrap_undo_roll_back(struct undo *undo)
{
    live_on(undo);
    __real_undo_roll_back(undo);
    live_on(undo);
}

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 1,
                                   .period_ns = HOUR,
                                   .burst = 100,
                                   .dedup_ns = HOUR };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 100,
                                    .lease_ns = HOUR };
static const struct limit brief = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 100,
                                    .lease_ns = SECOND };
static const struct limit fixed = { .algorithm = LIMIT_FIXED_WINDOW,
                                    .amount = 100,
                                    .period_ns = HOUR,
                                    .dedup_ns = HOUR };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 100,
                                      .period_ns = 100 * MILLISECOND,
                                      .bucket_ns = MILLISECOND,
                                      .dedup_ns = HOUR };
static const struct limit none = { .algorithm = LIMIT_CONCURRENCY,
                                   .lease_ns = HOUR };

/* One charge; unused ones have no limit. */
struct part {
    const struct limit *limit;
    const char *key;
    int64_t amount;
    const char *id;
};

#define PARTS 3

/* Of several shards. */
#define SIZE_BYTES (4 * LOCAL_SIZE_MIN_BYTES)

static enum take_status take_parts(struct store *store,
                                   const struct part *parts, int64_t now_ns)
{
    struct take take = { 0 };

    for (uint32_t i = 0; i < PARTS && parts[i].limit; i++) {
        struct charge *charge = &take.charges[take.count++];

        charge->limit = parts[i].limit;
        charge->quota = STR("quota");
        charge->key = store_hash(store, str_of(parts[i].key));
        charge->amount = parts[i].amount;
        charge->has_id = parts[i].id != NULL;
        if (parts[i].id)
            charge->id = store_hash(store, str_of(parts[i].id));
    }
    drive_take(store, &take, now_ns);
    return take.status;
}

static int64_t left(struct store *store, const struct part *part,
                    int64_t now_ns)
{
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){
        .limit = part->limit,
        .key = store_hash(store, str_of(part->key)),
    };
    drive_take(store, &take, now_ns);
    assert_int_equal(take.status, TAKE_GRANTED);
    return take.grants[0].remaining;
}

/* What was before, and the operation in which the process dies. */
static const struct {
    const char *why;
    struct part before[PARTS];
    int64_t after_ns;
    struct part during[PARTS];
    bool is_in_steps; /* not one transaction by key */
    int rounds;       /* of what was before, a bucket apart; 0: one */
} cases[] = {
    { "a new bucket, with a record",
      { { .limit = NULL } },
      0,
      { { &rate, "a", 3, "id" } },
      false,
      0 },
    { "a bucket that is in use",
      { { &rate, "a", 3, NULL } },
      0,
      { { &rate, "a", 4, NULL } },
      false,
      0 },
    { "giving back all",
      { { &rate, "a", 3, NULL } },
      0,
      { { &rate, "a", -3, "id" } },
      false,
      0 },
    { "the first lease of a key",
      { { .limit = NULL } },
      0,
      { { &slots, "a", 3, "id" } },
      false,
      0 },
    { "a further one",
      { { &slots, "a", 3, "id" } },
      0,
      { { &slots, "a", 4, NULL } },
      false,
      0 },
    { "renewing the older one",
      { { &slots, "a", 3, "id" }, { &slots, "a", 4, NULL } },
      MINUTE,
      { { &slots, "a", 3, "id" } },
      false,
      0 },
    { "releasing a part",
      { { &slots, "a", 3, "id" } },
      0,
      { { &slots, "a", -2, "id" } },
      false,
      0 },
    { "releasing the last one",
      { { &slots, "a", 3, "id" } },
      0,
      { { &slots, "a", -3, "id" } },
      false,
      0 },
    { "releasing one in the middle",
      { { &slots, "a", 3, NULL },
        { &slots, "a", 4, "id" },
        { &slots, "a", 5, NULL } },
      0,
      { { &slots, "a", -4, "id" } },
      false,
      0 },
    { "a tombstone",
      { { .limit = NULL } },
      0,
      { { &slots, "a", -3, "id" } },
      false,
      0 },
    { "releasing the oldest",
      { { &slots, "a", 3, NULL },
        { &slots, "a", 4, NULL },
        { &slots, "a", 5, NULL } },
      0,
      { { &slots, "a", -9, NULL } },
      true,
      0 },
    { "leases that have ended",
      { { &brief, "a", 3, NULL },
        { &brief, "a", 4, NULL },
        { &brief, "a", 5, NULL } },
      SECOND,
      { { &brief, "a", 20, NULL } },
      false,
      0 },
    { "several that are granted",
      { { &rate, "a", 3, NULL }, { &slots, "b", 4, "id" } },
      0,
      { { &slots, "b", 4, NULL },
        { &rate, "a", 3, "id" },
        { &slots, "c", 3, NULL } },
      false,
      0 },
    { "several that are refused",
      { { &rate, "a", 3, NULL }, { &slots, "b", 4, "id" } },
      0,
      { { &rate, "a", 3, "id" },
        { &slots, "b", 4, NULL },
        { &none, "c", 1, NULL } },
      false,
      0 },
    { .why = "a new fixed window, with a record",
      .during = { { &fixed, "a", 3, "id" } } },
    { .why = "a fixed window that is in use",
      .before = { { &fixed, "a", 3, NULL } },
      .during = { { &fixed, "a", 4, NULL } } },
    { .why = "giving back all of a fixed window",
      .before = { { &fixed, "a", 3, NULL } },
      .during = { { &fixed, "a", -3, "id" } } },
    { .why = "a new rolling window", .during = { { &rolling, "a", 3, "id" } } },
    { .why = "the newest bucket",
      .before = { { &rolling, "a", 3, NULL } },
      .during = { { &rolling, "a", 4, NULL } } },
    { .why = "the first older bucket",
      .before = { { &rolling, "a", 3, NULL } },
      .after_ns = MILLISECOND,
      .during = { { &rolling, "a", 4, "id" } } },
    { .why = "one more in a line",
      .before = { { &rolling, "a", 3, NULL } },
      .rounds = 4,
      .during = { { &rolling, "a", 4, NULL } } },
    { .why = "one more line",
      .before = { { &rolling, "a", 3, NULL } },
      .rounds = 5,
      .during = { { &rolling, "a", 4, NULL } } },
    { .why = "giving back several buckets",
      .before = { { &rolling, "a", 3, NULL } },
      .rounds = 12,
      .during = { { &rolling, "a", -25, "id" } } },
    { .why = "giving back all buckets",
      .before = { { &rolling, "a", 1, NULL } },
      .rounds = 99,
      .during = { { &rolling, "a", -99, NULL } } },
    { .why = "buckets that have ended",
      .before = { { &rolling, "a", 1, NULL } },
      .rounds = 90,
      .after_ns = 55 * MILLISECOND,
      .during = { { &rolling, "a", 30, NULL } } },
    { .why = "a window that has ended",
      .before = { { &rolling, "a", 1, NULL } },
      .rounds = 20,
      .after_ns = SECOND,
      .during = { { &rolling, "a", 30, NULL } } },
    { .why = "several windows that are granted",
      .before = { { &rolling, "a", 3, NULL }, { &fixed, "b", 4, "id" } },
      .rounds = 5,
      .during = { { &rolling, "a", 3, "id" },
                  { &fixed, "b", 4, NULL },
                  { &rolling, "c", 3, NULL } } },
    { .why = "several that are refused, with windows",
      .before = { { &rolling, "a", 3, NULL }, { &fixed, "b", 4, "id" } },
      .rounds = 5,
      .during = { { &rolling, "a", 3, "id" },
                  { &fixed, "b", 4, NULL },
                  { &none, "c", 1, NULL } } },
};

/* A store in the state before; also fills `now_ns`. */
static int make_store(uint64_t size_bytes, size_t index, int64_t *now_ns)
{
    int fd = local_create(size_bytes);
    struct store *store = local_open(fd);

    assert_non_null(store);
    *now_ns = SECOND;
    take_parts(store, cases[index].before, *now_ns);
    for (int round = 1; round < cases[index].rounds; round++) {
        *now_ns += MILLISECOND;
        take_parts(store, cases[index].before, *now_ns);
    }
    if (cases[index].rounds > 0)
        *now_ns += MILLISECOND;
    *now_ns += cases[index].after_ns;
    store_free(store);
    return fd;
}

/* Runs the operation in a child that dies at step `steps`. False: it lived to
 * the end. */
static bool die_at(int fd, const struct part *during, int64_t now_ns, int steps)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct store *store = local_open(fd);

        life = steps;
        take_parts(store, during, now_ns);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Between them each key must be as before the operation or as after it. */
struct bounds {
    int64_t before[PARTS], after[PARTS];
};

static struct bounds find_bounds(size_t index)
{
    struct bounds bounds = { 0 };
    int64_t now_ns;
    int fd = make_store(SIZE_BYTES, index, &now_ns);
    struct store *store = local_open(fd);

    for (size_t i = 0; i < PARTS && cases[index].during[i].limit; i++)
        bounds.before[i] = left(store, &cases[index].during[i], now_ns);
    take_parts(store, cases[index].during, now_ns);
    for (size_t i = 0; i < PARTS && cases[index].during[i].limit; i++)
        bounds.after[i] = left(store, &cases[index].during[i], now_ns);
    store_free(store);
    close(fd);
    return bounds;
}

static void check_left(size_t index, const struct bounds *bounds,
                       struct store *store, int64_t now_ns)
{
    const struct part *during = cases[index].during;

    for (size_t i = 0; i < PARTS && during[i].limit; i++) {
        int64_t before = bounds->before[i], after = bounds->after[i];
        int64_t got = left(store, &during[i], now_ns);
        bool is_between = before < after ? got >= before && got <= after
                                         : got >= after && got <= before;

        row_true(cases[index].why, is_between);
        row_true(cases[index].why,
                 cases[index].is_in_steps || got == before || got == after);
    }
}

static void a_death_at_any_step_is_recovered(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct bounds bounds = find_bounds(i);
        uint64_t recoveries = 0;
        bool has_died = true;
        int steps = 0;

        while (has_died) {
            int64_t now_ns;
            int fd = make_store(SIZE_BYTES, i, &now_ns);
            struct store *store = local_open(fd);

            has_died = die_at(fd, cases[i].during, now_ns, ++steps);
            check_left(i, &bounds, store, now_ns);
            recoveries += store->stats.recoveries;
            assert_int_equal(store->stats.lock_timeouts, 0);
            local_check(fd);
            store_free(store);
            close(fd);
        }
        /* Every step was under a lock. */
        row_true(cases[i].why, steps > 4);
        row_true(cases[i].why, recoveries >= (uint64_t)steps - 1);
    }
}

/* The first one dies in the operation, the others while they undo that. */
static void a_death_in_a_recovery_is_recovered(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct bounds bounds = find_bounds(i);
        struct store *store;
        int64_t now_ns;
        int fd = make_store(SIZE_BYTES, i, &now_ns);

        assert_true(die_at(fd, cases[i].during, now_ns, 4));
        assert_true(die_at(fd, cases[i].during, now_ns, 1));
        assert_true(die_at(fd, cases[i].during, now_ns, 2));
        store = local_open(fd);
        check_left(i, &bounds, store, now_ns);
        assert_true(store->stats.recoveries > 0);
        local_check(fd);
        store_free(store);
        close(fd);
    }
}

/* ---- at any instruction ------------------------------------------------ */

/* Instructions that are run for each case, over all its deaths: an operation
 * has a few thousand, and many more where a sanitizer adds its own. */
#define INSTRUCTIONS 30000

/* A child that has stopped just before the operation; -1 if it may not be
 * traced. */
static pid_t start_traced(int fd, const struct part *during, int64_t now_ns)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct store *store = local_open(fd);

        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(1);
        raise(SIGSTOP);
        take_parts(store, during, now_ns);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSTOPPED(status) ? child : -1;
}

/* Lets it run one instruction. False: it has ended. */
static bool run_instruction(pid_t child)
{
    int status;

    assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSTOPPED(status);
}

/* How many the whole operation has; 0 if it may not be traced. */
static int count_instructions(size_t index)
{
    int64_t now_ns;
    int fd = make_store(SIZE_BYTES, index, &now_ns);
    pid_t child = start_traced(fd, cases[index].during, now_ns);
    int count = 0;

    while (child > 0 && run_instruction(child))
        count++;
    close(fd);
    return count;
}

/* Returns how often it was recovered from. */
static uint64_t die_at_instruction(size_t index, const struct bounds *bounds,
                                   int count)
{
    int64_t now_ns;
    int fd = make_store(SIZE_BYTES, index, &now_ns);
    struct store *store = local_open(fd);
    pid_t child = start_traced(fd, cases[index].during, now_ns);
    uint64_t recoveries;
    bool is_alive = true;

    while (is_alive && count-- > 0)
        is_alive = run_instruction(child);
    if (is_alive) {
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    check_left(index, bounds, store, now_ns);
    assert_int_equal(store->stats.lock_timeouts, 0);
    recoveries = store->stats.recoveries;
    local_check(fd);
    store_free(store);
    close(fd);
    return recoveries;
}

static void a_death_at_any_instruction_is_recovered(void **state)
{
    struct random random = random_from(11);
    uint64_t recoveries = 0;

    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        struct bounds bounds = find_bounds(i);
        int count = count_instructions(i);

        if (count == 0)
            skip();
        /* It may be a few less the next time, as keys are hashed. */
        for (int run = 0; run < INSTRUCTIONS;) {
            int last = (int)random_below(&random, count);

            recoveries += die_at_instruction(i, &bounds, last);
            run += last;
        }
    }
    /* Most of an operation is under the lock. */
    assert_true(recoveries > ROWS(cases) / 2);
}

/* A store of one shard, so that all lines are behind one undo log. */
static struct watch start_watch(const struct shard *shard)
{
    const struct undo *undo = &shard->undo;
    struct watch started = {
        .count = (sizeof(*undo) + shard->head_count * sizeof(uint32_t)) /
                     UNDO_LINE_BYTES +
                 1 + shard->node_count,
    };

    started.is_saved = calloc(started.count, sizeof(bool));
    started.before = calloc(started.count, UNDO_LINE_BYTES);
    assert_true(started.is_saved && started.before);
    memcpy(started.before, undo, started.count * UNDO_LINE_BYTES);
    return started;
}

static void every_change_is_saved_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        int64_t now_ns;
        int fd = make_store(LOCAL_SIZE_MIN_BYTES, i, &now_ns);
        struct store *store = local_open(fd);
        struct mapping mapping;
        struct watch started;
        const struct undo *undo;

        assert_true(mapping_open(&mapping, fd));
        assert_int_equal(mapping.header->shard_count, 1);
        undo = &mapping_shard(&mapping, 0)->undo;
        started = start_watch(mapping_shard(&mapping, 0));
        watch = &started;
        take_parts(store, cases[i].during, now_ns);
        for (size_t line = sizeof(*undo) / UNDO_LINE_BYTES;
             line < started.count; line++)
            row_true(cases[i].why,
                     started.is_saved[line] || !has_changed(undo, line));
        watch = NULL;
        free(started.is_saved);
        free(started.before);
        mapping_close(&mapping);
        store_free(store);
        close(fd);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_is_saved_first),
        cmocka_unit_test(a_death_at_any_step_is_recovered),
        cmocka_unit_test(a_death_in_a_recovery_is_recovered),
        cmocka_unit_test(a_death_at_any_instruction_is_recovered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
