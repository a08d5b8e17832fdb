/* Sizes and times at their edges: a store that is full, broken or not one. */
#include "test/quota/local_check.h"
#include "test/quota/scene.h"
#include "test/quota/sequence.h"
#include "test/support/table.h"

#include "quota/local/lease.h"
#include "quota/local/local.h"
#include "quota/local/mapping.h"
#include "quota/local/room.h"
#include "quota/local/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void sizes_have_bounds(void **state)
{
    static const uint64_t sizes[] = { 0, LOCAL_SIZE_MIN_BYTES - 1,
                                      LOCAL_SIZE_MAX_BYTES + 1, UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < ROWS(sizes); i++) {
        errno = 0;
        assert_int_equal(local_create(sizes[i]), -1);
        assert_int_equal(errno, EINVAL);
    }
}

/* A limit on files stands for a machine that is full. */
static void no_room_is_told(void **state)
{
    static const struct {
        const char *why;
        uint64_t size_bytes;
        int error;
    } rows[] = {
        { "more than the machine has", LOCAL_SIZE_MAX_BYTES, ENOMEM },
        { "more than is free", 2 * LOCAL_SIZE_MIN_BYTES, EFBIG },
    };
    struct rlimit before, full = { .rlim_cur = LOCAL_SIZE_MIN_BYTES };

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    full.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (size_t i = 0; i < ROWS(rows); i++) {
        errno = 0;
        row_equal_i64(rows[i].why, local_create(rows[i].size_bytes), -1);
        row_equal_i64(rows[i].why, errno, rows[i].error);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void odd_sizes_are_used(void **state)
{
    static const uint64_t sizes[] = { LOCAL_SIZE_MIN_BYTES,
                                      LOCAL_SIZE_MIN_BYTES + 1,
                                      3 * LOCAL_SIZE_MIN_BYTES + 77777 };

    (void)state;
    for (size_t i = 0; i < ROWS(sizes); i++) {
        struct scene scene = scene_of(sizes[i]);
        struct local_usage usage = scene_usage(&scene);

        assert_int_equal(usage.size_bytes, sizes[i]);
        assert_true(usage.cells * sizeof(struct node) > sizes[i] * 3 / 4);
        assert_true(usage.cells * sizeof(struct node) < sizes[i]);
        assert_int_equal(usage.free_cells, usage.cells);
        scene_end(&scene);
    }
}

/* The first `size_bytes` of a store, in a file of their own. */
static int copy_of(int fd, size_t size_bytes)
{
    static char bytes[LOCAL_SIZE_MIN_BYTES];
    int copy = memfd_create("copy", 0);

    assert_int_equal(pread(fd, bytes, size_bytes, 0), size_bytes);
    assert_int_equal(write(copy, bytes, size_bytes), size_bytes);
    return copy;
}

static void what_is_no_store_is_not_opened(void **state)
{
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    int whole = copy_of(fd, LOCAL_SIZE_MIN_BYTES);
    int cut = copy_of(fd, LOCAL_SIZE_MIN_BYTES / 2);
    int empty = memfd_create("empty", 0);
    int null = open("/dev/null", O_RDWR);
    struct header header;

    (void)state;
    store_free(local_open(whole));
    assert_null(local_open(-1));
    assert_null(local_open(null));
    assert_null(local_open(empty));
    assert_null(local_open(cut));
    assert_int_equal(ftruncate(empty, LOCAL_SIZE_MIN_BYTES), 0);
    assert_null(local_open(empty));

    /* One of another layout. */
    assert_int_equal(pread(whole, &header, sizeof(header), 0), sizeof(header));
    header.layout++;
    assert_int_equal(pwrite(whole, &header, sizeof(header), 0), sizeof(header));
    assert_null(local_open(whole));
    close(fd);
    close(whole);
    close(cut);
    close(empty);
    close(null);
}

static void nobody_can_cut_it(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

    (void)state;
    assert_int_equal(ftruncate(scene.fd, 0), -1);
    scene_end(&scene);
}

static const struct limit one_an_hour = {
    .algorithm = LIMIT_TOKEN_BUCKET, .amount = 1, .period_ns = HOUR, .burst = 1
};
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 10000,
                                    .lease_ns = 2 * HOUR };
static const struct limit short_slots = { .algorithm = LIMIT_CONCURRENCY,
                                          .amount = 10000,
                                          .lease_ns = SECOND };

static void usage_is_told(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    struct local_usage usage;

    (void)state;
    scene_take(&scene, &one_an_hour, 1, 1);
    scene_take(&scene, &one_an_hour, 1, 1);
    scene_take(&scene, &one_an_hour, 2, 1);
    scene_take(&scene, &slots, 3, 5);
    scene_take(&scene, &slots, 3, 5);
    usage = scene_usage(&scene);
    assert_int_equal(usage.keys, 3);
    assert_int_equal(usage.leases, 2);
    assert_int_equal(usage.cells - usage.free_cells, 5);
    scene_take(&scene, &slots, 3, -10);
    scene_take(&scene, &one_an_hour, 1, -1);
    usage = scene_usage(&scene);
    assert_int_equal(usage.keys, 1);
    assert_int_equal(usage.leases, 0);
    assert_int_equal(usage.cells - usage.free_cells, 1);
    scene_end(&scene);
}

/* Memory of this process. */
static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[256], *second;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    second = strchr(line, ' ');
    assert_non_null(second);
    return strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static void a_million_keys_pass_through_a_small_store(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;
    int64_t resident = 0;

    (void)state;
    for (uint64_t key = 0; key < 1000000; key++) {
        assert_int_equal(scene_take(&scene, &one_an_hour, key, 1).granted, 1);
        if (key == 2 * cells)
            resident = resident_bytes();
    }
    /* Not a byte per key. */
    assert_true(resident_bytes() - resident < 900000);
    assert_int_equal(scene_usage(&scene).cells, cells);
    assert_true(scene_usage(&scene).keys <= cells);
    assert_true(scene.store->stats.evictions >= 1000000 - cells);
    assert_true(scene.store->stats.evictions <= 1000000);
    scene_end(&scene);
}

static void what_has_ended_goes_first(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;

    (void)state;
    for (uint64_t key = 0; key < 100 * cells; key++) {
        /* Half of the store at a time. */
        scene.now_ns += HOUR / ((int64_t)cells / 2);
        scene_take(&scene, key % 2 == 0 ? &one_an_hour : &short_slots, key, 1);
    }
    assert_int_equal(scene.store->stats.evictions, 0);
    scene_end(&scene);
}

/* Two kinds in a full store: of those that end soon hardly one stays while
 * others are dropped. */
static void what_ends_first_goes_first(void **state)
{
    static const struct limit minutes = { .algorithm = LIMIT_TOKEN_BUCKET,
                                          .amount = 1,
                                          .period_ns = MINUTE,
                                          .burst = 1 };
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells, half = cells / 2, stayed = 0;

    (void)state;
    for (uint64_t key = 0; key < cells; key++)
        scene_take(&scene, key % 2 == 0 ? &minutes : &one_an_hour, key, 1);
    for (uint64_t key = cells; key < cells + half / 2; key++)
        scene_take(&scene, &one_an_hour, key, 1);
    assert_in_range(scene.store->stats.evictions, half / 2, half / 2 + 2);
    for (uint64_t key = 1; key < cells; key += 2)
        stayed += scene_left(&scene, &one_an_hour, key) == 0;
    assert_true(stayed >= half - half / 50);
    scene_end(&scene);
}

/* Added one after the other, so they are neighbours. */
static void what_lasts_longest_stays(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;

    (void)state;
    for (int i = 0; i < 1000; i++)
        scene_take(&scene, &slots, 1, 1);
    for (uint64_t key = 2; key < 20 * cells; key++)
        scene_take(&scene, &one_an_hour, key, 1);
    assert_int_equal(scene_left(&scene, &slots, 1), 9000);
    scene_end(&scene);
}

static void a_store_full_of_leases_goes_on(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    uint64_t cells = scene_usage(&scene).cells;

    (void)state;
    for (uint64_t key = 0; key < 3 * cells; key++)
        assert_int_equal(scene_take(&scene, &slots, key, 1).granted, 1);
    assert_true(scene.store->stats.evictions > 0);
    assert_true(scene_usage(&scene).leases > cells / 2 - 100);
    scene_end(&scene);
}

static void a_tombstone_ends(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    struct release release = { .count = 1 };
    struct take late = { .count = 1 };

    (void)state;
    late.charges[0] = (struct charge){
        .limit = &slots,
        .key = store_hash(scene.store, STR("key")),
        .amount = 1,
        .has_id = true,
        .id = store_hash(scene.store, STR("id")),
    };
    release.leases[0].key = late.charges[0].key;
    release.leases[0].id = late.charges[0].id;
    store_release(scene.store, &release, scene.now_ns);
    scene.now_ns += RELEASE_TOMBSTONE_NS - 1;
    store_take(scene.store, &late, scene.now_ns);
    assert_int_equal(late.grants[0].granted, 0);
    scene.now_ns += 1;
    store_take(scene.store, &late, scene.now_ns);
    assert_int_equal(late.grants[0].granted, 1);
    scene_end(&scene);
}

static void time_that_steps_back_is_harmless(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

    (void)state;
    scene_take(&scene, &one_an_hour, 1, 1);
    scene_take(&scene, &short_slots, 2, 10000);
    scene.now_ns -= HOUR / 2;
    assert_int_equal(scene_take(&scene, &one_an_hour, 1, 1).granted, 0);
    assert_int_equal(scene_take(&scene, &short_slots, 2, 1).granted, 0);
    scene.now_ns = 0;
    assert_int_equal(scene_take(&scene, &one_an_hour, 1, 1).granted, 0);
    scene.now_ns = HOUR + SECOND;
    assert_int_equal(scene_take(&scene, &one_an_hour, 1, 1).granted, 0);
    assert_int_equal(scene_take(&scene, &short_slots, 2, 10000).granted, 10000);
    scene_end(&scene);
}

static void the_end_of_time_is_harmless(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

    (void)state;
    scene.now_ns = INT64_MAX - 1;
    assert_int_equal(scene_take(&scene, &one_an_hour, 1, 1).granted, 1);
    assert_int_equal(scene_take(&scene, &one_an_hour, 1, 1).granted, 0);
    assert_int_equal(scene_take(&scene, &slots, 2, 10000).granted, 10000);
    assert_int_equal(scene_take(&scene, &slots, 2, 1).granted, 0);
    scene_end(&scene);
}

/* Few: exact. Many: those behind them end with the last one passed. */
static void leases_may_be_shortened(void **state)
{
    static const struct {
        const char *why;
        int older_count;
        int64_t left;
    } rows[] = {
        { "a few longer ones", 10, 10000 - 10 },
        { "many longer ones", 100, 10000 - 101 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);

        for (int n = 0; n < rows[i].older_count; n++)
            scene_take(&scene, &slots, 1, 1);
        scene_take(&scene, &short_slots, 1, 1);
        scene.now_ns += SECOND;
        row_equal_i64(rows[i].why, scene_left(&scene, &slots, 1), rows[i].left);
        scene.now_ns += 2 * HOUR;
        row_equal_i64(rows[i].why, scene_left(&scene, &slots, 1), 10000);
        scene_end(&scene);
    }
}

static void many_leases_end_bit_by_bit(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    int count = 2 * ROOM_EXPIRED_MAX;

    (void)state;
    for (int i = 0; i < count; i++)
        scene_take(&scene, &short_slots, 1, 1);
    scene.now_ns += SECOND;
    for (int i = 0; scene_left(&scene, &short_slots, 1) < 10000; i++)
        assert_true(i < 2);
    scene_end(&scene);
}

static void many_leases_are_released_bit_by_bit(void **state)
{
    struct scene scene = scene_of(2 * LOCAL_SIZE_MIN_BYTES);
    int count = SLOTS_ENDED_MAX + 10;

    (void)state;
    for (int i = 0; i < count; i++)
        scene_take(&scene, &slots, 1, 2);
    assert_int_equal(scene_take(&scene, &slots, 1, INT64_MIN).granted,
                     2 * SLOTS_ENDED_MAX);
    assert_int_equal(scene_take(&scene, &slots, 1, INT64_MIN).granted, 20);
    scene_end(&scene);
}

/* A child that holds all locks, until it is killed. */
static pid_t start_frozen(int fd)
{
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct mapping mapping;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!mapping_open(&mapping, fd))
            _exit(1);
        for (uint32_t i = 0; i < mapping.header->shard_count; i++)
            shard_lock(mapping_shard(&mapping, i), LOCAL_WAIT_NS);
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void a_lock_that_is_held_too_long_is_an_outage(void **state)
{
    struct scene scene = scene_of(LOCAL_SIZE_MIN_BYTES);
    struct take asked = { .count = 1 };
    struct release release = { .count = 1 };
    pid_t child = start_frozen(scene.fd);
    const struct store_stats *stats = &scene.store->stats;
    int64_t start_ns = clock_boot_ns();

    (void)state;
    asked.charges[0].limit = &slots;
    asked.charges[0].amount = 1;
    assert_int_equal(store_take(scene.store, &asked, scene.now_ns), STORE_NOW);
    assert_int_equal(asked.status, TAKE_OUTAGE);
    assert_false(scene.store->is_up);
    assert_int_equal(store_release(scene.store, &release, scene.now_ns),
                     STORE_NOW);
    assert_int_equal(release.released, -1);
    assert_int_equal(stats->lock_timeouts, 2);
    assert_int_equal(stats->outages, 2);
    assert_true(clock_boot_ns() - start_ns >=
                LOCAL_WAIT_NS + LOCAL_WAIT_AGAIN_NS);

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(store_take(scene.store, &asked, scene.now_ns), STORE_NOW);
    assert_int_equal(asked.status, TAKE_GRANTED);
    assert_true(scene.store->is_up);
    assert_int_equal(stats->recoveries, 1);
    assert_int_equal(stats->operations, 3);
    scene_end(&scene);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_bounds),
        cmocka_unit_test(no_room_is_told),
        cmocka_unit_test(odd_sizes_are_used),
        cmocka_unit_test(what_is_no_store_is_not_opened),
        cmocka_unit_test(nobody_can_cut_it),
        cmocka_unit_test(usage_is_told),
        cmocka_unit_test(a_million_keys_pass_through_a_small_store),
        cmocka_unit_test(what_has_ended_goes_first),
        cmocka_unit_test(what_ends_first_goes_first),
        cmocka_unit_test(what_lasts_longest_stays),
        cmocka_unit_test(a_store_full_of_leases_goes_on),
        cmocka_unit_test(a_tombstone_ends),
        cmocka_unit_test(time_that_steps_back_is_harmless),
        cmocka_unit_test(the_end_of_time_is_harmless),
        cmocka_unit_test(leases_may_be_shortened),
        cmocka_unit_test(many_leases_end_bit_by_bit),
        cmocka_unit_test(many_leases_are_released_bit_by_bit),
        cmocka_unit_test(a_lock_that_is_held_too_long_is_an_outage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
