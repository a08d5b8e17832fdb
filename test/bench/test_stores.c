/* Measuring stores: what is measured works, in both stores. */
#include "bench/store/fill.h"
#include "bench/store/options.h"
#include "bench/store/room.h"
#include "bench/store/run.h"
#include "bench/store/use.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "test/support/arguments.h"
#include "test/support/redis_cluster.h"
#include "test/support/redis_server.h"
#include "test/support/table.h"

#include <stdio.h>
#include <unistd.h>

#define KEYS 100

static void test_options(void **state)
{
    static const struct {
        const char *why, *arguments;
        bool is_right;
    } rows[] = {
        { "memory", "--subject=fixed_window", true },
        { "a floor of Redis", "--subject=get --redis=unix:/x", true },
        { "help needs nothing", "--help", true },
        { "what?", "", false },
        { "no such subject", "--subject=get_it", false },
        { "a floor without Redis", "--subject=get", false },
        { "a floor takes no room", "--subject=get --redis=unix:/x --room",
          false },
        { "a cluster", "--subject=record --redis=127.0.0.1:1 --cluster", true },
        { "a cluster of what?", "--subject=record --cluster", false },
        { "a floor knows no cluster",
          "--subject=get --redis=127.0.0.1:1 --cluster", false },
        { "nor does what fills windows",
          "--subject=rolling_window --redis=127.0.0.1:1 --cluster", false },
        { "nor has one any room",
          "--subject=record --redis=127.0.0.1:1 --cluster --room", false },
        { "windows of one key cannot be filled",
          "--subject=rolling_window --room --one-key", false },
        { "the most in flight", "--subject=get --redis=unix:/x --depth=1024",
          true },
        { "too many", "--subject=get --redis=unix:/x --depth=1025", false },
        { "none", "--subject=record --processes=0", false },
        { "some servers", "--subject=record --redis-pid 1 --redis-pid 2",
          true },
        { "none has this number", "--subject=record --redis-pid 0", false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store_options options;
        struct arguments arguments;

        arguments_init(&arguments, "sluice-stores", rows[i].arguments);
        row_true(rows[i].why,
                 store_options_parse(&options, arguments.count,
                                     arguments.values) == rows[i].is_right);
    }
}

static struct run run_of(const struct subject *subject,
                         const struct redis_server *server)
{
    return (struct run){
        .subject = subject,
        .server = server ? server->address : NULL,
        .server_pids = { server ? server->pid : 0 },
        .server_count = server ? 1 : 0,
        .keys = KEYS,
        .depth = 40,
        .processes = 2,
        .warmup_ns = 10 * MILLISECOND,
        .duration_ns = 100 * MILLISECOND,
    };
}

static void check(struct run run)
{
    const char *why = run.subject->name;
    struct run_result result;

    run_measure(&run, &result);
    row_equal_str(why, str_of(result.fault), STR(""));
    row_true(why, result.operations > 0);
    row_true(why, result.rate > 0);
    row_true(why, result.cpu_ns > 0);
    row_true(why, (result.server_cores >= 0) == (run.server_count > 0));
}

static void test_all_in_memory(void **state)
{
    const struct subject *subject;

    (void)state;
    for (uint32_t n = 0; (subject = subject_at(n)); n++)
        if (!subject->is_floor)
            check(run_of(subject, NULL));
}

static void test_all_in_redis(void **state)
{
    const struct subject *subject;
    struct redis_server server;

    (void)state;
    redis_server_init(&server);
    redis_server_start(&server);
    for (uint32_t n = 0; (subject = subject_at(n)); n++)
        check(run_of(subject, &server));
    redis_server_fini(&server);
}

/* A script of a floor, and windows that are filled: by links of their own. */
static void test_links_over_tcp(void **state)
{
    static const char *const subjects[] = { "gcra_script", "rolling_window" };
    struct redis_server server;
    char address[32];

    (void)state;
    redis_server_init(&server);
    redis_server_start(&server);
    snprintf(address, sizeof(address), "127.0.0.1:%d", server.port);
    for (size_t i = 0; i < ROWS(subjects); i++) {
        struct run run = run_of(subject_find(subjects[i]), &server);

        run.server = address;
        check(run);
    }
    redis_server_fini(&server);
}

static void test_all_in_a_cluster(void **state)
{
    const struct subject *subject;
    struct redis_cluster_servers cluster;

    (void)state;
    redis_cluster_init(&cluster);
    for (uint32_t n = 0; (subject = subject_at(n)); n++) {
        struct run run = run_of(subject, NULL);

        run.server = cluster.addresses[0];
        run.is_cluster = true;
        for (uint32_t i = 0; i < REDIS_CLUSTER_OWNERS; i++)
            run.server_pids[run.server_count++] = cluster.nodes[i].pid;
        if (!subject->is_floor && !subject->is_filled)
            check(run);
    }
    redis_cluster_fini(&cluster);
}

static void test_faults_are_told(void **state)
{
    struct run run = run_of(subject_find("incrby"), NULL);
    struct run_result result;

    (void)state;
    run.server = "unix:/nowhere";
    run_measure(&run, &result);
    assert_string_not_equal(result.fault, "");
    run.subject = subject_find("token_bucket");
    run_measure(&run, &result);
    assert_string_equal(result.fault, "nothing was answered");
    assert_true(result.rate == 0);
}

/* What is written as used is used, and its number is that of the buckets. */
static void test_windows_are_filled(void **state)
{
    const struct subject *subject = subject_find("rolling_window");
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    struct store *store = local_open(fd);
    struct keys keys;
    struct take look = { .count = 1 };
    int64_t ahead_ns;

    (void)state;
    keys_init(&keys, KEYS);
    ahead_ns = fill_memory(subject, store, &keys, HOUR);
    assert_int_equal(ahead_ns,
                     (SUBJECT_BUCKETS - 1) * subject->limit.bucket_ns);
    look.charges[0] = use_charge(subject, store, keys_at(&keys, KEYS - 1));
    look.charges[0].amount = 0;
    assert_true(use_take(store, &look, 1, HOUR + ahead_ns));
    assert_int_equal(look.grants[0].remaining,
                     subject->limit.amount - SUBJECT_BUCKETS);
    keys_fini(&keys);
    store_free(store);
    close(fd);
}

static void test_room(void **state)
{
    static const struct {
        const char *subject;
        bool is_one_key;
        double entries; /* of 68 to 80 bytes, per key */
    } rows[] = {
        { "token_bucket", false, 1 },   { "fixed_window", false, 1 },
        { "rolling_window", false, 6 }, { "rolling_window_1", false, 1 },
        { "concurrency", false, 2 },    { "concurrency", true, 1.01 },
        { "record", false, 1 },
    };
    struct keys keys;

    (void)state;
    keys_init(&keys, KEYS);
    for (size_t i = 0; i < ROWS(rows); i++) {
        double bytes = room_in_memory(subject_find(rows[i].subject), &keys,
                                      rows[i].is_one_key);

        row_true(rows[i].subject, bytes >= 68 * rows[i].entries);
        row_true(rows[i].subject, bytes <= 80 * rows[i].entries);
    }
    keys_fini(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_all_in_memory),
        cmocka_unit_test(test_all_in_redis),
        cmocka_unit_test(test_links_over_tcp),
        cmocka_unit_test(test_all_in_a_cluster),
        cmocka_unit_test(test_faults_are_told),
        cmocka_unit_test(test_windows_are_filled),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
