#include "test/quota/conformance.h"

#include "quota/handle.h"
#include "quota/take.h"
#include "test/quota/holding.h"
#include "test/quota/sequence.h"
#include "test/quota/several.h"
#include "test/support/table.h"

static const struct limit slots = { SLOTS(5) };
static const struct limit rate = { SLOW_RATE, .burst = 5 };

/* Takes `amount` slots of two keys and of a rate; what a handle of it
 * releases. */
static void take_slots(const struct subject *subject, const char *id,
                       int64_t amount, struct release *release)
{
    struct take take = { .count = 3 };

    take.charges[0] = subject_charge(subject, &slots, "a", amount, id);
    take.charges[1] = subject_charge(subject, &rate, "rate", 1, id);
    take.charges[2] = subject_charge(subject, &slots, "b", amount, id);
    subject_take(subject, &take);
    assert_int_equal(take.status, TAKE_GRANTED);
    release->count = take_leases(&take, release->leases);
}

static void a_handle_releases_all_leases(const struct subject *subject)
{
    static const struct {
        const char *why, *id;
    } rows[] = {
        { "named by the caller", "id" },
        { "named by the store", NULL },
    };

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct release release = { 0 };
        struct arena arena;
        struct str handle;

        arena_init(&arena, 0);
        take_slots(subject, rows[i].id, 2, &release);
        row_equal_i64(rows[i].why, release.count, 2);
        handle = handle_encode(release.leases, release.count, &arena);
        row_equal_i64(rows[i].why, subject_look(subject, &slots, "a"), 3);
        row_equal_i64(rows[i].why, subject_look(subject, &slots, "b"), 3);

        release = (struct release){ 0 };
        row_true(rows[i].why, handle_decode(handle, &release, &arena));
        row_equal_i64(rows[i].why, subject_release(subject, &release), 4);
        row_equal_i64(rows[i].why, subject_look(subject, &slots, "a"), 5);
        row_equal_i64(rows[i].why, subject_look(subject, &slots, "b"), 5);
        row_equal_i64(rows[i].why, subject_release(subject, &release), 0);
        arena_fini(&arena);
    }
}

static void a_handle_releases_no_other_lease(const struct subject *subject)
{
    struct release first = { 0 }, second = { 0 };

    take_slots(subject, NULL, 1, &first);
    take_slots(subject, NULL, 2, &second);
    assert_int_equal(subject_release(subject, &first), 2);
    assert_int_equal(subject_release(subject, &first), 0);
    assert_int_equal(subject_look(subject, &slots, "a"), 3);
    assert_int_equal(subject_release(subject, &second), 4);
    assert_int_equal(subject_look(subject, &slots, "a"), 5);
}

static void a_handle_may_come_before_its_take(const struct subject *subject)
{
    struct release release = { .count = 1 };
    struct take take = { .count = 1 };

    take.charges[0] = subject_charge(subject, &slots, "a", 2, "id");
    release.leases[0] = (struct lease_name){
        .quota = take.charges[0].quota,
        .key = take.charges[0].key,
        .id = take.charges[0].id,
    };
    assert_int_equal(subject_release(subject, &release), 0);
    subject_take(subject, &take);
    assert_int_equal(take.status, TAKE_GRANTED);
    assert_int_equal(take.grants[0].granted, 0);
    assert_false(take.grants[0].has_lease);
    assert_int_equal(subject_look(subject, &slots, "a"), 5);
}

static void a_handle_may_come_late(const struct subject *subject)
{
    static const struct limit short_lease = { .algorithm = LIMIT_CONCURRENCY,
                                              .amount = 5,
                                              .lease_ns = TICK };
    const struct fixture *fixture = subject->fixture;
    struct release release = { .count = 1 };
    struct take take = { .count = 1 };

    take.charges[0] = subject_charge(subject, &short_lease, "a", 2, NULL);
    subject_take(subject, &take);
    assert_int_equal(take_leases(&take, release.leases), 1);
    fixture->advance(fixture->context, TICK);
    assert_int_equal(subject_release(subject, &release), 0);
    assert_int_equal(subject_look(subject, &short_lease, "a"), 5);
}

static void a_repeat_has_the_same_handle(const struct subject *subject)
{
    struct release first = { 0 }, repeat = { 0 };

    take_slots(subject, "id", 1, &first);
    take_slots(subject, "id", 1, &repeat);
    assert_memory_equal(&first.leases[0].id, &repeat.leases[0].id,
                        sizeof(struct quota_id));
    assert_int_equal(subject_release(subject, &repeat), 2);
    assert_int_equal(subject_release(subject, &first), 0);
}

static void ids_are_of_one_key_only(const struct subject *subject)
{
    struct take take = { .count = 1 };

    take.charges[0] = subject_charge(subject, &slots, "a", 5, "id");
    subject_take(subject, &take);
    take.charges[0] = subject_charge(subject, &slots, "b", 4, "id");
    subject_take(subject, &take);
    assert_int_equal(take.grants[0].granted, 4);
    assert_int_equal(subject_look(subject, &slots, "a"), 0);
    assert_int_equal(subject_look(subject, &slots, "b"), 1);

    take.charges[0] = subject_charge(subject, &rate, "c", 5, "id");
    subject_take(subject, &take);
    take.charges[0] = subject_charge(subject, &rate, "d", 4, "id");
    subject_take(subject, &take);
    assert_int_equal(take.grants[0].granted, 4);
    assert_int_equal(subject_look(subject, &rate, "d"), 1);
}

static void names_depend_on_all_bytes(const struct subject *subject)
{
    static const struct str texts[] = {
        STR_INIT(""),
        STR_INIT("\0"),
        STR_INIT("a"),
        STR_INIT("b"),
        STR_INIT("a\0"),
        STR_INIT("0123456789abcdef0123456789abcdef0123456789abcdef1"),
        STR_INIT("0123456789abcdef0123456789abcdef0123456789abcdef2"),
    };

    for (size_t i = 0; i < ROWS(texts); i++) {
        for (size_t j = 0; j < ROWS(texts); j++) {
            struct quota_id a = store_hash(subject->store, texts[i]);
            struct quota_id b = store_hash(subject->store, texts[j]);

            row_equal_i64(texts[i].data, memcmp(&a, &b, sizeof(a)) == 0,
                          i == j);
        }
    }
}

static const struct {
    const char *name;
    void (*run)(const struct subject *subject);
} functions[] = {
#define FUNCTION(name)                                                         \
    {                                                                          \
#name, name                                                            \
    }
    FUNCTION(a_handle_releases_all_leases),
    FUNCTION(a_handle_releases_no_other_lease),
    FUNCTION(a_handle_may_come_before_its_take),
    FUNCTION(a_handle_may_come_late),
    FUNCTION(a_repeat_has_the_same_handle),
    FUNCTION(ids_are_of_one_key_only),
    FUNCTION(names_depend_on_all_bytes),
#undef FUNCTION
};

/* What one cmocka test runs: exactly one of the three is set. */
struct entry {
    const struct fixture *fixture;
    const struct sequence *sequence;
    const struct several *several;
    void (*function)(const struct subject *subject);
};

#define ENTRIES_MAX 150

struct list_of_tests {
    struct CMUnitTest tests[ENTRIES_MAX];
    struct entry entries[ENTRIES_MAX];
    size_t count;
};

static void run_entry(void **state)
{
    const struct entry *entry = *state;

    if (entry->sequence) {
        sequence_run(entry->sequence, entry->fixture);
    } else if (entry->several) {
        several_run(entry->several, entry->fixture);
    } else {
        struct subject subject = {
            entry->fixture, entry->fixture->open(entry->fixture->context)
        };

        assert_non_null(subject.store);
        entry->function(&subject);
        store_free(subject.store);
    }
}

static void add_test(struct list_of_tests *list, const char *name,
                     struct entry entry)
{
    assert_true(list->count < ENTRIES_MAX);
    list->entries[list->count] = entry;
    list->tests[list->count] = (struct CMUnitTest){
        .name = name,
        .test_func = run_entry,
        .initial_state = &list->entries[list->count],
    };
    list->count++;
}

static void add_sequences(struct list_of_tests *list,
                          const struct sequence *sequences,
                          const struct fixture *fixture)
{
    for (size_t i = 0; sequences[i].name; i++)
        add_test(
            list, sequences[i].name,
            (struct entry){ .fixture = fixture, .sequence = &sequences[i] });
}

int conformance_run(const char *name, const struct fixture *fixture)
{
    static struct list_of_tests list;

    list.count = 0;
    add_sequences(&list, rate_sequences, fixture);
    add_sequences(&list, window_sequences, fixture);
    add_sequences(&list, lease_sequences, fixture);
    for (size_t i = 0; several_cases[i].name; i++)
        add_test(
            &list, several_cases[i].name,
            (struct entry){ .fixture = fixture, .several = &several_cases[i] });
    for (size_t i = 0; holding_cases[i].name; i++)
        add_test(&list, holding_cases[i].name,
                 (struct entry){ .fixture = fixture,
                                 .function = holding_cases[i].run });
    for (size_t i = 0; i < ROWS(functions); i++)
        add_test(
            &list, functions[i].name,
            (struct entry){ .fixture = fixture, .function = functions[i].run });
    return _cmocka_run_group_tests(name, list.tests, list.count, NULL, NULL);
}
