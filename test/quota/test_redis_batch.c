/* What is asked of Redis together is sent together, and each Check of it is
 * answered as if it were alone. */
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"
#include "quota/redis/script.h"

#include <stdio.h>
#include <stdlib.h>

#define DEADLINE_NS (5 * SECOND)

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 1,
                                   .period_ns = HOUR,
                                   .burst = 20,
                                   .dedup_ns = MINUTE };
static const struct limit window = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 20,
                                     .period_ns = HOUR,
                                     .dedup_ns = MINUTE };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 20,
                                      .period_ns = HOUR,
                                      .bucket_ns = MINUTE,
                                      .dedup_ns = MINUTE };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 20,
                                    .lease_ns = HOUR };
static const struct limit *const all_limits[] = { &rate, &window, &rolling,
                                                  &slots };

/* A test's world. */
struct world {
    struct redis_server server;
    struct store *store;
    struct take takes[SCRIPT_CHECKS_MAX * 2];
    uint32_t take_count, answer_count;
};

static struct world world;

static void on_up(void *context, const char *server)
{
    (void)context;
    (void)server;
}

static void on_down(void *context, const char *server, const char *detail)
{
    (void)context;
    print_error("%s: %s\n", server, detail);
}

static int setup(void **state)
{
    const struct redis_events events = { .up = on_up, .down = on_down };

    (void)state;
    world = (struct world){ 0 };
    redis_server_init(&world.server);
    redis_server_start(&world.server);
    world.store = redis_store_new(
        &(struct redis_settings){ .server = str_of(world.server.address),
                                  .key_prefix = STR("test:"),
                                  .deadline_ns = DEADLINE_NS },
        &events);
    store_loop_until_up(world.store, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_free(world.store);
    redis_server_fini(&world.server);
    return 0;
}

static void on_answer(struct take *take)
{
    (void)take;
    world.answer_count++;
}

/* The next take, which is asked for by ask_all. */
static struct take *add_take(void)
{
    struct take *take = &world.takes[world.take_count++];

    assert_true(world.take_count <= ROWS(world.takes));
    *take = (struct take){ .deadline_ns = INT64_MAX, .done = on_answer };
    return take;
}

static struct charge *add_charge(struct take *take, const struct limit *limit,
                                 const char *key, int64_t amount)
{
    struct charge *charge = &take->charges[take->count++];

    *charge = (struct charge){
        .limit = limit,
        .quota = STR("quota"),
        .key = store_hash(world.store, str_of(key)),
        .amount = amount,
    };
    return charge;
}

static struct take *add(const struct limit *limit, const char *key,
                        int64_t amount)
{
    struct take *take = add_take();

    add_charge(take, limit, key, amount);
    return take;
}

static void set_id(struct charge *charge, const char *id)
{
    charge->has_id = true;
    charge->id = store_hash(world.store, str_of(id));
}

/* How many calls of the script Redis has run. */
static int64_t call_count(void)
{
    const char *answer = redis_server_ask(
        &world.server,
        "EVAL \"return tonumber(string.match(redis.call('INFO', "
        "'commandstats'), 'cmdstat_evalsha:calls=(%d+)') or 0)\" 0");

    assert_int_equal(*answer, ':');
    return strtol(answer + 1, NULL, 10);
}

/* Asks for all that was added, between two steps; returns in how many calls
 * it was made. */
static int64_t ask_all(void)
{
    int64_t before = call_count();

    world.answer_count = 0;
    for (uint32_t i = 0; i < world.take_count; i++)
        assert_int_equal(
            store_take(world.store, &world.takes[i], clock_boot_ns()),
            STORE_LATER);
    while (world.answer_count < world.take_count)
        store_loop_turn(world.store, INT64_MAX);
    world.take_count = 0;
    return call_count() - before;
}

static uint32_t count_granted(uint32_t first, uint32_t count)
{
    uint32_t granted = 0;

    for (uint32_t i = first; i < first + count; i++)
        granted += world.takes[i].status == TAKE_GRANTED;
    return granted;
}

static int64_t left(const struct limit *limit, const char *key)
{
    struct take *look;

    world.take_count = ROWS(world.takes) - 1;
    look = add(limit, key, 0);
    world.answer_count = 0;
    assert_int_equal(store_take(world.store, look, clock_boot_ns()),
                     STORE_LATER);
    while (world.answer_count == 0)
        store_loop_turn(world.store, INT64_MAX);
    world.take_count = 0;
    assert_int_equal(look->status, TAKE_GRANTED);
    return look->grants[0].remaining;
}

static void one_call_carries_up_to_thirty_two(void **state)
{
    static const struct {
        const char *why;
        uint32_t check_count;
        int64_t call_count;
    } rows[] = {
        { "one", 1, 1 },
        { "several", 5, 1 },
        { "as many as one carries", SCRIPT_CHECKS_MAX, 1 },
        { "one more", SCRIPT_CHECKS_MAX + 1, 2 },
        { "twice as many", 2 * SCRIPT_CHECKS_MAX, 2 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        for (uint32_t n = 0; n < rows[i].check_count; n++)
            add(all_limits[n % ROWS(all_limits)], rows[i].why, 1);
        row_equal_i64(rows[i].why, ask_all(), rows[i].call_count);
        row_equal_i64(rows[i].why, count_granted(0, rows[i].check_count),
                      rows[i].check_count);
    }
}

static void a_batch_on_one_key_gives_exactly_the_limit(void **state)
{
    (void)state;
    for (size_t l = 0; l < ROWS(all_limits); l++) {
        int64_t sum = 0;

        /* Of one to three units, all or nothing, with a best effort at the
         * end that gets what is left. */
        for (uint32_t i = 0; i < SCRIPT_CHECKS_MAX; i++)
            add(all_limits[l], "key", 1 + i % 3)->charges[0].is_best_effort =
                i == SCRIPT_CHECKS_MAX - 1;
        assert_int_equal(ask_all(), 1);
        for (uint32_t i = 0; i < SCRIPT_CHECKS_MAX; i++) {
            const struct take *take = &world.takes[i];

            assert_int_equal(take->status == TAKE_REFUSED,
                             take->grants[0].is_refused);
            sum += take->grants[0].granted;
            /* Each sees what those before it took. */
            assert_int_equal(take->grants[0].remaining, 20 - sum);
        }
        assert_int_equal(sum, 20);
        assert_int_equal(left(all_limits[l], "key"), 0);
    }
}

static void a_refusal_costs_only_its_own_check(void **state)
{
    (void)state;
    for (size_t l = 0; l < ROWS(all_limits); l++) {
        const struct limit *limit = all_limits[l];
        struct take *refused;

        add(limit, "a", 15);
        refused = add_take();
        add_charge(refused, limit, "b", 5);
        add_charge(refused, limit, "a", 3);
        add_charge(refused, limit, "a", 3);
        add_charge(refused, limit, "c", -1);
        add(limit, "a", 5);
        add(limit, "b", 20);
        add(limit, "a", 1);
        assert_int_equal(ask_all(), 1);
        assert_int_equal(world.takes[0].status, TAKE_GRANTED);
        assert_int_equal(refused->status, TAKE_REFUSED);
        assert_false(refused->grants[0].is_refused);
        assert_int_equal(refused->grants[0].granted, 0);
        assert_int_equal(refused->grants[0].remaining, 20);
        assert_false(refused->grants[1].is_refused);
        assert_true(refused->grants[2].is_refused);
        assert_int_equal(refused->grants[2].remaining, 5);
        assert_int_equal(world.takes[2].status, TAKE_GRANTED);
        assert_int_equal(world.takes[3].status, TAKE_GRANTED);
        assert_int_equal(world.takes[4].status, TAKE_REFUSED);
        assert_int_equal(left(limit, "a"), 0);
        assert_int_equal(left(limit, "b"), 0);
        assert_int_equal(left(limit, "c"), 20);
    }
}

static void a_repeat_in_the_same_batch_is_charged_once(void **state)
{
    (void)state;
    for (size_t l = 0; l < ROWS(all_limits); l++) {
        static const char *const keys[] = { "1", "2", "3", "4" };
        const struct limit *limit = all_limits[l];
        /* Records are of a key, whatever its algorithm. */
        const char *key = keys[l];

        for (int i = 0; i < 3; i++)
            set_id(&add(limit, key, 4)->charges[0], i < 2 ? "a" : "b");
        /* A release, for leases, and a retry of it; else giving back. */
        set_id(&add(limit, key, -1)->charges[0], "a");
        assert_int_equal(ask_all(), 1);
        assert_int_equal(count_granted(0, 4), 4);
        assert_int_equal(world.takes[0].grants[0].remaining, 16);
        assert_int_equal(world.takes[1].grants[0].granted, 4);
        assert_int_equal(world.takes[1].grants[0].remaining, 16);
        assert_int_equal(world.takes[2].grants[0].remaining, 12);
        assert_int_equal(world.takes[3].grants[0].granted, 1);
        assert_int_equal(left(limit, key), 13);
    }
}

static void what_gives_back_counts_for_those_behind_it(void **state)
{
    (void)state;
    for (size_t l = 0; l < ROWS(all_limits); l++) {
        const struct limit *limit = all_limits[l];

        add(limit, "key", 20);
        add(limit, "key", 1);
        add(limit, "key", -2);
        add(limit, "key", 2);
        add(limit, "key", 1);
        add(limit, "key", INT64_MIN);
        add(limit, "key", 20);
        assert_int_equal(ask_all(), 1);
        assert_int_equal(world.takes[1].status, TAKE_REFUSED);
        assert_int_equal(world.takes[2].grants[0].granted, 2);
        assert_int_equal(world.takes[3].status, TAKE_GRANTED);
        assert_int_equal(world.takes[4].status, TAKE_REFUSED);
        assert_int_equal(world.takes[5].grants[0].granted, 20);
        assert_int_equal(world.takes[6].status, TAKE_GRANTED);
        assert_int_equal(left(limit, "key"), 0);
    }
}

static void on_release(struct release *release)
{
    (void)release;
    world.answer_count++;
}

/* Ahead of the take that needs its slots. */
static void releases_go_along(void **state)
{
    struct release release = { .count = 1,
                               .deadline_ns = INT64_MAX,
                               .done = on_release };
    struct take *take = add(&slots, "key", 20);
    int64_t before;

    (void)state;
    set_id(&take->charges[0], "lease");
    ask_all();
    assert_int_equal(take->status, TAKE_GRANTED);
    release.leases[0] =
        (struct lease_name){ take->charges[0].quota, take->charges[0].key,
                             take->charges[0].id };
    take = add(&slots, "key", 20);
    before = call_count();
    world.answer_count = 0;
    assert_int_equal(store_release(world.store, &release, clock_boot_ns()),
                     STORE_LATER);
    assert_int_equal(store_take(world.store, take, clock_boot_ns()),
                     STORE_LATER);
    while (world.answer_count < 2)
        store_loop_turn(world.store, INT64_MAX);
    assert_int_equal(call_count() - before, 1);
    assert_int_equal(release.released, 20);
    assert_int_equal(take->status, TAKE_GRANTED);
}

/* A key that holds something else fails the Check that needs it, and nobody
 * else. */
static void a_foreign_value_fails_only_its_own_check(void **state)
{
    (void)state;
    for (size_t l = 0; l < ROWS(all_limits); l++) {
        static const char *const suffixes[] = { "tokens", "window", "rolling",
                                                "leases" };
        const struct limit *limit = all_limits[l];
        const struct quota_id bad = store_hash(world.store, STR("bad"));
        struct take *failed;
        char command[160], hex[33];

        for (size_t i = 0; i < sizeof(bad.bytes); i++)
            snprintf(hex + 2 * i, 3, "%02x", bad.bytes[i]);
        snprintf(command, sizeof(command), "LPUSH test:{quota:%s}:%s x", hex,
                 suffixes[l]);
        assert_string_equal(redis_server_ask(&world.server, command), ":1");

        add(limit, "good", 1);
        failed = add_take();
        add_charge(failed, limit, "good", 7);
        add_charge(failed, limit, "bad", 1);
        add_charge(failed, limit, "good", 7);
        add(limit, "good", 2);
        assert_int_equal(ask_all(), 1);
        assert_int_equal(world.takes[0].status, TAKE_GRANTED);
        assert_int_equal(failed->status, TAKE_OUTAGE);
        assert_int_equal(world.takes[2].status, TAKE_GRANTED);
        assert_int_equal(left(limit, "good"), 17);
        /* Alone it is told by the error itself. */
        failed = add(limit, "bad", 1);
        ask_all();
        assert_int_equal(failed->status, TAKE_OUTAGE);
        assert_true(world.store->is_up);
    }
    assert_int_equal(world.store->stats.outages, 2 * ROWS(all_limits));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_call_carries_up_to_thirty_two),
        TEST(a_batch_on_one_key_gives_exactly_the_limit),
        TEST(a_refusal_costs_only_its_own_check),
        TEST(a_repeat_in_the_same_batch_is_charged_once),
        TEST(what_gives_back_counts_for_those_behind_it),
        TEST(releases_go_along),
        TEST(a_foreign_value_fails_only_its_own_check),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
