/* The table of what was used while the store was away. */
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct journal *new_journal(void)
{
    struct journal *journal =
        mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(journal, MAP_FAILED);
    journal_init(journal);
    return journal;
}

static void free_journal(struct journal *journal)
{
    munmap(journal, sizeof(*journal));
}

static struct quota_id number(uint64_t n)
{
    struct quota_id id = { { 0 } };

    memcpy(id.bytes, &n, sizeof(n));
    return id;
}

static struct journal_entry entry(enum journal_kind kind, uint64_t key,
                                  uint64_t id, int64_t ends_ns)
{
    struct journal_entry entry = {
        .kind = kind,
        .key = number(key),
        .id = number(id),
        .ends_ns = ends_ns,
    };

    journal_name(&entry, STR("quota"), STR("key=one"));
    return entry;
}

static void note(struct journal *journal, struct journal_entry entry)
{
    journal_note(journal, &entry, 0);
}

static void what_is_noted_is_taken_once(void **state)
{
    struct journal *journal = new_journal();
    struct journal_entry taken;

    (void)state;
    assert_true(journal_is_empty(journal));
    note(journal, entry(JOURNAL_USED, 1, 0, 100));
    note(journal, entry(JOURNAL_USED, 1, 0, 90));
    assert_int_equal(journal->count, 1);
    assert_true(journal_take(journal, &taken));
    assert_int_equal(taken.kind, JOURNAL_USED);
    assert_int_equal(taken.ends_ns, 100);
    assert_memory_equal(taken.quota, "quota", taken.quota_len);
    assert_memory_equal(taken.text, "key=one", taken.text_len);
    assert_false(journal_take(journal, &taken));
    free_journal(journal);
}

/* The last word on a lease stands. */
static void a_newer_entry_stands(void **state)
{
    struct journal *journal = new_journal();
    struct journal_entry held = entry(JOURNAL_HELD, 1, 7, 100);
    struct journal_entry released = entry(JOURNAL_RELEASED, 1, 7, 50);
    struct journal_entry taken;

    (void)state;
    note(journal, held);
    note(journal, released);
    assert_true(journal_take(journal, &taken));
    assert_int_equal(taken.kind, JOURNAL_RELEASED);

    note(journal, released);
    journal_put_back(journal, &held, 0);
    assert_true(journal_take(journal, &taken));
    assert_int_equal(taken.kind, JOURNAL_RELEASED);

    journal_put_back(journal, &held, 0);
    assert_true(journal_take(journal, &taken));
    assert_int_equal(taken.kind, JOURNAL_HELD);
    assert_true(journal_is_empty(journal));
    free_journal(journal);
}

static void usage_adds_up(void **state)
{
    static const struct {
        const char *why;
        int64_t amounts[3];
        int64_t sum; /* -1: there is no entry */
    } rows[] = {
        { "charges", { 3, 4, 5 }, 12 },
        { "given back", { 3, -2, 5 }, 6 },
        { "more than there is", { 3, -4, 5 }, 5 },
        { "of nothing", { -1, -1, -1 }, -1 },
        { "nothing is left, but it was used", { 3, -3, 0 }, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct journal *journal = new_journal();
        struct journal_entry taken = { .amount = -1 };

        for (size_t n = 0; n < 3; n++) {
            struct journal_entry used = entry(JOURNAL_USED, 1, 0, 100);

            used.amount = rows[i].amounts[n];
            if (n == 2)
                journal_put_back(journal, &used, 0);
            else
                note(journal, used);
        }
        journal_take(journal, &taken);
        row_equal_i64(rows[i].why, taken.amount, rows[i].sum);
        free_journal(journal);
    }
}

static void its_end_is_known(void **state)
{
    struct journal *journal = new_journal();
    struct quota_id key = number(1), id = number(2);

    (void)state;
    assert_false(journal_may_hold(journal, 0));
    note(journal, entry(JOURNAL_HELD, 1, 2, 100));
    note(journal, entry(JOURNAL_USED, 1, 0, 50));
    assert_true(journal_may_hold(journal, 99));
    assert_false(journal_may_hold(journal, 100));
    journal_forget(journal, &key, &id);
    assert_int_equal(journal->count, 1);
    journal_forget(journal, &key, &id);
    assert_int_equal(journal->count, 1);
    free_journal(journal);
}

static void full_it_keeps_what_still_means_something(void **state)
{
    struct journal *journal = new_journal();
    struct journal_entry late = entry(JOURNAL_USED, UINT64_C(1) << 40, 0, 900);
    struct journal_entry taken;
    uint64_t count = 0;

    (void)state;
    for (uint64_t i = 0; i < JOURNAL_ENTRIES; i++)
        note(journal, entry(JOURNAL_HELD, i / 4, i, 100));
    assert_int_equal(journal->count, JOURNAL_ENTRIES);
    journal_note(journal, &late, 50);
    assert_int_equal(journal->lost, 1);
    journal_note(journal, &late, 100);
    assert_int_equal(journal->lost, 1);
    assert_int_equal(journal->count, JOURNAL_ENTRIES);
    while (journal_take(journal, &taken))
        count++;
    assert_int_equal(count, JOURNAL_ENTRIES);
    free_journal(journal);
}

/* Against a plain array: whatever is noted, forgotten and taken. */
static void it_is_a_set(void **state)
{
    enum { NAMES = 64, STEPS = 200000 };
    struct journal *journal = new_journal();
    bool is_in[NAMES] = { false };
    uint32_t count = 0;

    (void)state;
    srandom(1);
    for (int i = 0; i < STEPS; i++) {
        uint64_t name = (uint64_t)random() % NAMES;
        struct journal_entry one = entry(JOURNAL_HELD, name % 8, name, 100);
        struct journal_entry taken;
        uint64_t got;

        switch (random() % 3) {
        case 0:
            journal_note(journal, &one, 0);
            count += !is_in[name];
            is_in[name] = true;
            break;
        case 1:
            journal_forget(journal, &one.key, &one.id);
            count -= is_in[name];
            is_in[name] = false;
            break;
        case 2:
            assert_int_equal(journal_take(journal, &taken), count > 0);
            if (count == 0)
                break;
            memcpy(&got, taken.id.bytes, sizeof(got));
            assert_true(is_in[got]);
            is_in[got] = false;
            count--;
            break;
        }
        assert_int_equal(journal->count, count);
    }
    free_journal(journal);
}

/* A process that dies with the lock held: what it had is lost, and counted; the
 * journal goes on. */
static void its_owner_dies(void **state)
{
    struct journal *journal = new_journal();
    struct journal_entry taken;
    int status;
    pid_t child;

    (void)state;
    note(journal, entry(JOURNAL_USED, 1, 0, 100));
    note(journal, entry(JOURNAL_USED, 2, 0, 100));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_mutex_lock(&journal->lock);
        journal->heads[0] = 77;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    note(journal, entry(JOURNAL_USED, 3, 0, 100));
    assert_int_equal(journal->lost, 2);
    assert_true(journal_take(journal, &taken));
    assert_memory_equal(&taken.key, &(struct quota_id){ { 3 } }, 16);
    assert_false(journal_take(journal, &taken));
    free_journal(journal);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_noted_is_taken_once),
        cmocka_unit_test(a_newer_entry_stands),
        cmocka_unit_test(usage_adds_up),
        cmocka_unit_test(its_end_is_known),
        cmocka_unit_test(full_it_keeps_what_still_means_something),
        cmocka_unit_test(it_is_a_set),
        cmocka_unit_test(its_owner_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
