/* Shared memory: names, counters, histograms, the gate. */
#include "proto/server/shared/shared.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void test_bucket_of_value(void **state)
{
    static const struct {
        const char *why;
        int64_t value_ns;
        uint32_t bucket;
        int64_t bound_ns;
    } rows[] = {
        { "negative counts as zero", -5, 0, 0 },
        { "zero", 0, 0, 0 },
        { "exact while small", 63, 63, 63 },
        { "pairs from 64 on", 64, 64, 65 },
        { "second of the pair", 65, 64, 65 },
        { "next pair", 66, 65, 67 },
        { "last pair of its power", 127, 95, 127 },
        { "four wide from 128 on", 128, 96, 131 },
        { "a millisecond", MILLISECOND, 509, 1015807 },
        { "the last value of the last bucket", (INT64_C(1) << 36) - 1, 1023,
          (INT64_C(1) << 36) - 1 },
        { "beyond: the last bucket", INT64_C(1) << 36, 1023,
          (INT64_C(1) << 36) - 1 },
        { "far beyond", INT64_MAX, 1023, (INT64_C(1) << 36) - 1 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct histogram *histogram = calloc(1, sizeof(*histogram));

        histogram_record(histogram, rows[i].value_ns);
        row_equal_i64(rows[i].why,
                      atomic_load(&histogram->buckets[rows[i].bucket]), 1);
        row_equal_i64(rows[i].why, histogram_bound_ns(rows[i].bucket),
                      rows[i].bound_ns);
        free(histogram);
    }
}

static void test_bounds_grow_by_at_most_three_percent(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < HISTOGRAM_BUCKETS; i++) {
        int64_t below = histogram_bound_ns(i - 1),
                bound = histogram_bound_ns(i);

        assert_true(bound > below);
        assert_true(bound - below <= 1 + below / 32);
    }
}

static void test_histogram_sums(void **state)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));

    (void)state;
    histogram_record(histogram, 100);
    histogram_record(histogram, 100);
    histogram_record(histogram, -1);
    assert_int_equal(atomic_load(&histogram->sum_ns), 200);
    free(histogram);
}

static struct shared *create(uint32_t worker_count)
{
    int fd;
    struct shared *shared = shared_create(worker_count, &fd);

    assert_non_null(shared);
    close(fd);
    return shared;
}

static void test_map_sees_what_was_created(void **state)
{
    int fd;
    struct shared *made = shared_create(3, &fd);
    struct shared *mapped = shared_map(fd);

    (void)state;
    assert_non_null(mapped);
    assert_int_equal(mapped->worker_count, 3);
    assert_int_equal(atomic_load(&mapped->workers[2].state), WORKER_DEAD);
    COUNT(made->workers[2].reports, 7);
    assert_int_equal(atomic_load(&mapped->workers[2].reports), 7);
    assert_int_equal(ftruncate(fd, 0), -1);
    close(fd);
}

static void test_map_refuses_other_memory(void **state)
{
    int fd = memfd_create("other", 0);

    (void)state;
    assert_null(shared_map(fd));
    assert_int_equal(ftruncate(fd, INT64_C(4) << 20), 0);
    assert_null(shared_map(fd));
    assert_null(shared_map(-1));
    close(fd);
}

static void test_name_keeps_its_slot(void **state)
{
    struct shared *shared = create(1);
    struct name_table *names = &shared->rule_names;
    uint32_t first = name_slot(names, STR("first"));
    uint32_t second = name_slot(names, STR("second"));

    (void)state;
    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    assert_int_equal(name_slot(names, STR("first")), first);
    assert_int_equal(name_find(names, STR("second")), second);
    assert_int_equal(name_find(names, STR("third")), 0);
    assert_int_equal(name_slot(names, STR("other")), 0);
    assert_string_equal(names->names[second], "second");
}

static void test_full_table_means_other(void **state)
{
    struct shared *shared = create(1);
    struct name_table *names = &shared->quota_names;
    char name[32];

    (void)state;
    for (int i = 1; i < NAME_SLOTS; i++) {
        snprintf(name, sizeof(name), "name-%d", i);
        assert_int_equal(name_slot(names, str_of(name)), i);
    }
    assert_int_equal(name_slot(names, STR("one too many")), 0);
    assert_int_equal(name_slot(names, STR("name-1")), 1);
    assert_string_equal(names->names[0], "other");
}

static void test_long_name_is_cut(void **state)
{
    struct shared *shared = create(1);
    struct name_table *names = &shared->rule_names;
    char name[NAME_BYTES + 10];
    uint32_t slot;

    (void)state;
    memset(name, 'x', sizeof(name));
    slot = name_slot(names, (struct str){ name, sizeof(name) });
    assert_int_equal(strlen(names->names[slot]), NAME_BYTES);
    assert_int_equal(name_find(names, (struct str){ name, sizeof(name) }),
                     slot);
}

static void test_sum_over_workers(void **state)
{
    struct shared *shared = create(2);

    (void)state;
    COUNT(shared->workers[0].reports, 2);
    COUNT(shared->workers[1].reports, 3);
    COUNT(shared->workers[1].checks[DOOR_MIXER][VERDICT_DENIED], 4);
    assert_int_equal(shared_sum(shared, offsetof(struct worker_block, reports)),
                     5);
    assert_int_equal(shared_checks(shared, DOOR_MIXER, VERDICT_DENIED), 4);
    assert_int_equal(shared_checks(shared, DOOR_MIXER, VERDICT_ALLOWED), 0);
}

static void test_gate(void **state)
{
    static const struct {
        const char *why;
        bool opens;
        uint32_t worker;
        bool changes;
        uint64_t mask, episodes;
    } rows[] = {
        { "shut already", false, 0, false, 0, 0 },
        { "the first opens it", true, 0, true, 1, 1 },
        { "opening twice is no news", true, 0, false, 1, 1 },
        { "the highest worker joins", true, 63, false, UINT64_C(1) << 63 | 1,
          1 },
        { "one that never opened it", false, 5, false, UINT64_C(1) << 63 | 1,
          1 },
        { "the first is back", false, 0, false, UINT64_C(1) << 63, 1 },
        { "the last shuts it", false, 63, true, 0, 1 },
        { "shutting twice is no news", false, 63, false, 0, 1 },
        { "another episode", true, 1, true, 2, 2 },
    };
    struct gate gate = { 0 };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool changed = rows[i].opens ? gate_open(&gate, rows[i].worker)
                                     : gate_shut(&gate, rows[i].worker);

        row_equal_i64(rows[i].why, changed, rows[i].changes);
        row_true(rows[i].why, atomic_load(&gate.mask) == rows[i].mask);
        row_equal_i64(rows[i].why, atomic_load(&gate.episodes),
                      rows[i].episodes);
    }
}

static void test_gate_counts_answers_per_episode(void **state)
{
    struct gate gate = { 0 };

    (void)state;
    gate_open(&gate, 0);
    assert_true(atomic_load(&gate.opened_ns) > 0);
    assert_true(atomic_load(&gate.opened_wall_ns) > 0);
    atomic_store(&gate.answers, 12);
    gate_open(&gate, 1);
    assert_int_equal(atomic_load(&gate.answers), 12);
    gate_shut(&gate, 0);
    gate_shut(&gate, 1);
    assert_int_equal(atomic_load(&gate.answers), 12);
    gate_open(&gate, 1);
    assert_int_equal(atomic_load(&gate.answers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_of_value),
        cmocka_unit_test(test_bounds_grow_by_at_most_three_percent),
        cmocka_unit_test(test_histogram_sums),
        cmocka_unit_test(test_map_sees_what_was_created),
        cmocka_unit_test(test_map_refuses_other_memory),
        cmocka_unit_test(test_name_keeps_its_slot),
        cmocka_unit_test(test_full_table_means_other),
        cmocka_unit_test(test_long_name_is_cut),
        cmocka_unit_test(test_sum_over_workers),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_gate_counts_answers_per_episode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
