/* A Redis that is killed, frozen, flushed or late, and two replicas on one. */
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/breaker.h"
#include "quota/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>

/* Of an operation; what a busy machine may add before it is answered. */
#define DEADLINE_NS (100 * MILLISECOND)
#define SLACK_NS (150 * MILLISECOND)
/* Within that limits hold again when Redis is back. */
#define RETURN_NS SECOND

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 100,
                                    .lease_ns = MINUTE };
static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 1,
                                   .period_ns = HOUR,
                                   .burst = 100,
                                   .dedup_ns = MINUTE };

/* A test's world. */
struct world {
    struct redis_server server;
    int up_count, down_count;
    char fault[200]; /* the last one told */
};

static void on_up(void *context, const char *server)
{
    struct world *world = context;

    (void)server;
    world->up_count++;
}

static void on_down(void *context, const char *server, const char *detail)
{
    struct world *world = context;

    (void)server;
    world->down_count++;
    snprintf(world->fault, sizeof(world->fault), "%s", detail);
}

static struct store *open_store_at(struct world *world, struct str server)
{
    const struct redis_settings settings = {
        .server = server,
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .database = 3,
        .deadline_ns = DEADLINE_NS,
    };
    const struct redis_events events = { on_up, on_down, world };

    return redis_store_new(&settings, &events);
}

static struct store *open_store(struct world *world)
{
    return open_store_at(world, str_of(world->server.address));
}

static int setup(void **state)
{
    static struct world world;

    world = (struct world){ 0 };
    redis_server_init(&world.server);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    redis_server_fini(&world->server);
    return 0;
}

/* One take of one charge, and what became of it. */
struct ask {
    struct take take;
    struct store *store;
    int64_t asked_ns, answered_ns; /* 0: not yet */
    int left;                      /* how often to ask again */
    int granted_count;
};

static void on_answer(struct take *take)
{
    struct ask *ask = container_of(take, struct ask, take);

    ask->answered_ns = clock_boot_ns();
    ask->granted_count += take->status == TAKE_GRANTED;
    while (ask->left > 0) {
        ask->left--;
        if (store_take(ask->store, take, clock_boot_ns()) == STORE_LATER)
            return;
    }
}

static struct charge charge_one(struct store *store, const struct limit *limit)
{
    return (struct charge){
        .limit = limit,
        .quota = STR("quota"),
        .key = store_hash(store, STR("key")),
        .amount = 1,
    };
}

static enum store_when start(struct ask *ask, struct store *store,
                             const struct limit *limit)
{
    ask->store = store;
    ask->take.count = 1;
    ask->take.charges[0] = charge_one(store, limit);
    ask->take.deadline_ns = INT64_MAX;
    ask->take.done = on_answer;
    ask->asked_ns = clock_boot_ns();
    ask->answered_ns = 0;
    return store_take(store, &ask->take, ask->asked_ns);
}

/* Asks and waits. */
static enum take_status ask_once(struct store *store, const struct limit *limit)
{
    struct ask ask = { 0 };

    if (start(&ask, store, limit) == STORE_NOW)
        return ask.take.status;
    while (ask.answered_ns == 0)
        store_loop_turn(store, ask.asked_ns + MINUTE);
    assert_true(ask.answered_ns - ask.asked_ns < DEADLINE_NS + SLACK_NS);
    return ask.take.status;
}

static int count_granted(struct store *store, const struct limit *limit,
                         int asks)
{
    int granted = 0;

    for (int i = 0; i < asks; i++)
        granted += ask_once(store, limit) == TAKE_GRANTED;
    return granted;
}

static void limits_hold(struct store *store)
{
    assert_int_equal(count_granted(store, &slots, 110), 100);
    assert_int_equal(count_granted(store, &rate, 110), 100);
}

static void it_works_without_redis_and_finds_it_later(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    int64_t started_ns;

    assert_false(store->is_up);
    assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
    store_loop_run(store, clock_boot_ns() + 600 * MILLISECOND);
    assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
    assert_int_equal(world->down_count, 1);
    assert_int_equal(store->stats.reconnects, 0);

    redis_server_start(&world->server);
    started_ns = clock_boot_ns();
    store_loop_until_up(store, true);
    assert_true(clock_boot_ns() - started_ns < RETURN_NS);
    assert_int_equal(world->up_count, 1);
    limits_hold(store);
    assert_int_equal(store->stats.operations, 222);
    assert_int_equal(store->stats.outages, 2);
    store_free(store);
}

static void any_kind_of_address_leads_to_it(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };
    struct world *world = *state;

    for (size_t i = 0; i < ROWS(hosts); i++) {
        struct store *store;
        char address[64];

        snprintf(address, sizeof(address), "%s:%d", hosts[i],
                 world->server.port);
        store = open_store_at(world, str_of(address));
        store_loop_run(store, clock_boot_ns() + 100 * MILLISECOND);
        row_equal_i64(hosts[i], store->is_up, false);
        redis_server_start(&world->server);
        store_loop_until_up(store, true);
        row_equal_i64(hosts[i], ask_once(store, &slots), TAKE_GRANTED);
        redis_server_kill(&world->server);
        store_loop_until_up(store, false);
        row_equal_i64(hosts[i], ask_once(store, &slots), TAKE_OUTAGE);
        store_free(store);
    }
}

static void an_address_that_is_none_is_an_outage(void **state)
{
    struct world *world = *state;
    struct store *store = open_store_at(world, STR("nonsense"));

    store_loop_run(store, clock_boot_ns() + 100 * MILLISECOND);
    assert_false(store->is_up);
    assert_int_equal(world->down_count, 1);
    assert_non_null(strstr(world->fault, "no host:port"));
    assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
    store_free(store);
}

static void a_forgotten_script_is_loaded_again(void **state)
{
    struct world *world = *state;
    struct ask asks[50] = { 0 };
    struct store *store = open_store(world);

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    for (int round = 0; round < 3; round++) {
        int granted = 0;

        redis_server_ask(&world->server, "SCRIPT FLUSH");
        for (size_t i = 0; i < ROWS(asks); i++) {
            asks[i] = (struct ask){ 0 };
            assert_int_equal(start(&asks[i], store, &slots), STORE_LATER);
        }
        for (size_t i = 0; i < ROWS(asks); i++) {
            while (asks[i].answered_ns == 0)
                store_loop_turn(store, INT64_MAX);
            granted += asks[i].take.status == TAKE_GRANTED;
        }
        /* None is lost, none is charged twice. */
        assert_int_equal(granted, round < 2 ? 50 : 0);
    }
    assert_int_equal(store->stats.outages, 0);
    assert_int_equal(world->down_count, 0);
    store_free(store);
}

static void a_flushed_redis_begins_anew(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    limits_hold(store);
    redis_server_ask(&world->server, "FLUSHALL");
    limits_hold(store);
    assert_int_equal(store->stats.outages, 0);
    store_free(store);
}

static void a_killed_redis_is_an_outage_until_it_is_back(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    for (int round = 1; round <= 3; round++) {
        int64_t started_ns;

        limits_hold(store);
        redis_server_kill(&world->server);
        for (int i = 0; i < 200; i++)
            assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
        store_loop_run(store, clock_boot_ns() + 300 * MILLISECOND);
        assert_false(store->is_up);
        assert_int_equal(world->down_count, round);

        redis_server_start(&world->server);
        started_ns = clock_boot_ns();
        store_loop_until_up(store, true);
        assert_true(clock_boot_ns() - started_ns < RETURN_NS);
        assert_int_equal(world->up_count, round + 1);
    }
    limits_hold(store);
    assert_int_equal(store->stats.reconnects, 4);
    store_free(store);
}

static void what_is_under_way_when_redis_dies_is_answered(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    struct ask asks[100] = { 0 };

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    redis_server_freeze(&world->server);
    for (size_t i = 0; i < ROWS(asks); i++) {
        /* Asks again from within the answer. */
        asks[i].left = 3;
        assert_int_equal(start(&asks[i], store, &slots), STORE_LATER);
    }
    store_step(store, NULL, clock_boot_ns());
    redis_server_kill(&world->server);
    store_loop_until_up(store, false);
    for (size_t i = 0; i < ROWS(asks); i++) {
        assert_int_not_equal(asks[i].answered_ns, 0);
        assert_int_equal(asks[i].take.status, TAKE_OUTAGE);
        assert_int_equal(asks[i].left, 0);
    }
    assert_int_equal(store->stats.outages, 400);
    store_free(store);
}

/* Asks one after the other for `ns`; the longest that one took. */
static int64_t longest_answer_ns(struct store *store, int64_t ns)
{
    int64_t until_ns = clock_boot_ns() + ns, longest_ns = 0;

    while (clock_boot_ns() < until_ns) {
        int64_t asked_ns = clock_boot_ns(), took_ns;

        assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
        took_ns = clock_boot_ns() - asked_ns;
        if (took_ns > longest_ns)
            longest_ns = took_ns;
        store_loop_run(store, clock_boot_ns() + MILLISECOND);
    }
    return longest_ns;
}

static void a_frozen_redis_costs_few_callers_their_deadline(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    int64_t thawed_ns;

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    assert_int_equal(ask_once(store, &rate), TAKE_GRANTED);

    redis_server_freeze(&world->server);
    for (int i = 0; i < BREAKER_FAILURES; i++) {
        assert_true(store->is_up);
        assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
    }
    assert_false(store->is_up);
    assert_string_equal(world->fault, "no answer in time");
    /* From now on nobody waits: outages are known at once. */
    for (int i = 0; i < 100; i++) {
        struct ask ask = { 0 };

        assert_int_equal(start(&ask, store, &slots), STORE_NOW);
        assert_int_equal(ask.take.status, TAKE_OUTAGE);
    }
    assert_true(longest_answer_ns(store, SECOND) < DEADLINE_NS + SLACK_NS);
    assert_int_equal(world->down_count, 1);

    redis_server_thaw(&world->server);
    thawed_ns = clock_boot_ns();
    store_loop_until_up(store, true);
    assert_true(clock_boot_ns() - thawed_ns < RETURN_NS);
    assert_int_equal(world->up_count, 2);
    assert_int_equal(count_granted(store, &rate, 110), 99);
    store_free(store);
}

static void a_short_pause_keeps_the_connection(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    redis_server_freeze(&world->server);
    while (store->is_up)
        assert_int_equal(ask_once(store, &slots), TAKE_OUTAGE);
    redis_server_thaw(&world->server);
    store_loop_until_up(store, true);
    assert_int_equal(store->stats.reconnects, 1);
    /* Late replies were skipped: each answer is that to its own question. */
    assert_int_equal(count_granted(store, &rate, 110), 100);
    store_free(store);
}

static void the_callers_deadline_counts_if_it_is_sooner(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    struct ask ask = { 0 };
    int64_t now_ns;

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    redis_server_freeze(&world->server);
    start(&ask, store, &slots);
    now_ns = ask.asked_ns;
    store_step(store, NULL, now_ns + DEADLINE_NS - 1);
    assert_int_equal(ask.answered_ns, 0);
    store_step(store, NULL, now_ns + DEADLINE_NS);
    assert_int_not_equal(ask.answered_ns, 0);
    assert_int_equal(ask.take.status, TAKE_OUTAGE);

    ask.answered_ns = 0;
    ask.take.deadline_ns = now_ns + MILLISECOND;
    assert_int_equal(store_take(store, &ask.take, now_ns), STORE_LATER);
    store_step(store, NULL, now_ns + MILLISECOND);
    assert_int_not_equal(ask.answered_ns, 0);

    ask.take.deadline_ns = now_ns;
    assert_int_equal(store_take(store, &ask.take, now_ns), STORE_NOW);
    assert_int_equal(ask.take.status, TAKE_OUTAGE);
    store_free(store);
}

static void a_release_during_an_outage_says_so(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    struct release release = { .count = 1, .deadline_ns = INT64_MAX };

    release.leases[0].quota = STR("quota");
    assert_int_equal(store_release(store, &release, clock_boot_ns()),
                     STORE_NOW);
    assert_int_equal(release.released, -1);
    store_free(store);
}

static void what_is_under_way_is_bounded(void **state)
{
    enum { ASKS = 6000 };
    struct world *world = *state;
    struct store *store = open_store(world);
    struct ask *asks = calloc(ASKS, sizeof(*asks));
    int later_count = 0;

    assert_non_null(asks);
    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    for (int i = 0; i < ASKS; i++)
        later_count += start(&asks[i], store, &slots) == STORE_LATER;
    assert_in_range(later_count, 500, ASKS - 1);
    /* Those that had no place are no sign that Redis is away. */
    assert_true(store->is_up);
    assert_int_equal(store->stats.outages, ASKS - later_count);
    store_free(store);
    for (int i = 0; i < ASKS; i++)
        assert_int_equal(asks[i].take.status, TAKE_OUTAGE);
    free(asks);
}

static void two_replicas_share_the_limits_exactly(void **state)
{
    static const struct limit *const limits[] = { &slots, &rate };
    struct world *world = *state;

    redis_server_start(&world->server);
    for (size_t l = 0; l < ROWS(limits); l++) {
        struct store *stores[2] = { open_store(world), open_store(world) };
        struct ask asks[32] = { 0 };
        int granted = 0, open = ROWS(asks);

        for (size_t s = 0; s < ROWS(stores); s++)
            store_loop_until_up(stores[s], true);
        for (size_t i = 0; i < ROWS(asks); i++) {
            asks[i].left = 20;
            start(&asks[i], stores[i % 2], limits[l]);
        }
        while (open > 0) {
            open = 0;
            store_loop_turn(stores[0], clock_boot_ns() + MILLISECOND);
            store_loop_turn(stores[1], clock_boot_ns() + MILLISECOND);
            for (size_t i = 0; i < ROWS(asks); i++)
                open += asks[i].left > 0;
        }
        for (size_t s = 0; s < ROWS(stores); s++) {
            /* The last ones. */
            assert_int_not_equal(ask_once(stores[s], limits[l]), TAKE_OUTAGE);
            assert_int_equal(stores[s]->stats.outages, 0);
            store_free(stores[s]);
        }
        for (size_t i = 0; i < ROWS(asks); i++)
            granted += asks[i].granted_count;
        assert_int_equal(granted, 100);
    }
}

static void every_key_expires_and_is_named_as_declared(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    struct ask ask = {
        .take = { .count = 3, .deadline_ns = INT64_MAX, .done = on_answer },
    };

    redis_server_start(&world->server);
    store_loop_until_up(store, true);
    ask.take.charges[0] = charge_one(store, &slots);
    ask.take.charges[1] = charge_one(store, &rate);
    ask.take.charges[1].amount = 2;
    ask.take.charges[1].has_id = true;
    ask.take.charges[2] = ask.take.charges[1];
    ask.take.charges[2].amount = -1;
    store_take(store, &ask.take, clock_boot_ns());
    while (ask.answered_ns == 0)
        store_loop_turn(store, INT64_MAX);
    assert_int_equal(ask.take.status, TAKE_GRANTED);

    /* After the probe's own key. */
    store_loop_run(store, clock_boot_ns() + 10 * MILLISECOND);
    assert_string_equal(
        redis_server_ask(
            &world->server,
            "EVAL \"redis.call('SELECT', 3) local n, bad = 0, 0 "
            "for _, key in ipairs(redis.call('KEYS', '*')) do n = n + 1 "
            "if redis.call('PTTL', key) < 1 or not string.find(key, "
            "'^sluice{quota:' .. string.rep('%x', 32) .. '}:%l+') then "
            "bad = bad + 1 end end return n * 100 + bad\" 0"),
        ":400");
    store_free(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_works_without_redis_and_finds_it_later),
        TEST(any_kind_of_address_leads_to_it),
        TEST(an_address_that_is_none_is_an_outage),
        TEST(a_forgotten_script_is_loaded_again),
        TEST(a_flushed_redis_begins_anew),
        TEST(a_killed_redis_is_an_outage_until_it_is_back),
        TEST(what_is_under_way_when_redis_dies_is_answered),
        TEST(a_frozen_redis_costs_few_callers_their_deadline),
        TEST(a_short_pause_keeps_the_connection),
        TEST(the_callers_deadline_counts_if_it_is_sooner),
        TEST(a_release_during_an_outage_says_so),
        TEST(what_is_under_way_is_bounded),
        TEST(two_replicas_share_the_limits_exactly),
        TEST(every_key_expires_and_is_named_as_declared),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
