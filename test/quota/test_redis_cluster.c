/* A real Redis Cluster: slots that move, and nodes that are lost. */
#include "test/support/redis_cluster.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"
#include "quota/redis/row.h"

#include <stdio.h>

/* No case is about a slow store, but those that say so. */
#define DEADLINE_NS (2 * SECOND)
#define SHORT_NS (300 * MILLISECOND)

static const struct limit slots_ = { .algorithm = LIMIT_CONCURRENCY,
                                     .amount = 5,
                                     .lease_ns = MINUTE };
static const struct limit rate_ = { .algorithm = LIMIT_TOKEN_BUCKET,
                                    .amount = 10,
                                    .period_ns = HOUR,
                                    .burst = 5,
                                    .dedup_ns = MINUTE };

/* All share the cluster; a slot that a test moved stays where it is. */
struct world {
    struct redis_cluster_servers cluster;
    int down_count;
    char fault[300];
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
    (void)server;
    world.down_count++;
    snprintf(world.fault, sizeof(world.fault), "%s", detail);
}

static int setup_all(void **state)
{
    (void)state;
    redis_cluster_init(&world.cluster);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    world.down_count = 0;
    redis_cluster_mend(&world.cluster);
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    redis_cluster_fini(&world.cluster);
    return 0;
}

/* Knows the owners from `first_seed` on. */
static struct store *open_with(uint32_t first_seed, int64_t deadline_ns)
{
    struct str servers[REDIS_CLUSTER_OWNERS];
    struct redis_cluster nodes = { servers, 0 };
    const struct redis_settings settings = {
        .cluster = &nodes,
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .deadline_ns = deadline_ns,
    };
    const struct redis_events events = { on_up, on_down, NULL };

    for (uint32_t i = first_seed; i < REDIS_CLUSTER_OWNERS; i++)
        servers[nodes.count++] = str_of(world.cluster.addresses[i]);
    return redis_store_new(&settings, &events);
}

static struct store *open_store(int64_t deadline_ns)
{
    struct store *store = open_with(0, deadline_ns);

    store_loop_until_up(store, true);
    return store;
}

/* -- Keys -- */

static uint16_t slot_of_key(const struct quota_id *key)
{
    return row_slot(STR("q"), key, STR(REDIS_SERVER_PREFIX));
}

/* A key that was not used yet, in a slot that a node has at first. */
static struct quota_id key_of_node(uint32_t node)
{
    static uint32_t number;
    struct quota_id key = { { 0 } };

    do {
        number++;
        memcpy(key.bytes, &number, sizeof(number));
    } while (redis_cluster_owner(slot_of_key(&key)) != node);
    return key;
}

/* Another key of the same slot. */
static struct quota_id neighbour_of(const struct quota_id *key)
{
    struct quota_id other = { .bytes = { [15] = 1 } };

    for (uint32_t i = 0; slot_of_key(&other) != slot_of_key(key); i++)
        memcpy(other.bytes, &i, sizeof(i));
    return other;
}

/* -- Asking -- */

struct asked {
    struct take take;
    bool is_done;
};

static void on_take(struct take *take)
{
    container_of(take, struct asked, take)->is_done = true;
}

static struct charge charge_of(const struct limit *limit,
                               const struct quota_id *key, int64_t amount)
{
    return (struct charge){
        .limit = limit,
        .quota = STR("q"),
        .key = *key,
        .amount = amount,
    };
}

static void begin(struct store *store, struct asked *asked)
{
    asked->take.deadline_ns = INT64_MAX;
    asked->take.done = on_take;
    asked->is_done =
        store_take(store, &asked->take, clock_boot_ns()) == STORE_NOW;
}

static enum take_status end(struct store *store, struct asked *asked)
{
    while (!asked->is_done)
        store_loop_turn(store, clock_boot_ns() + SECOND);
    return asked->take.status;
}

static enum take_status ask(struct store *store, struct asked *asked)
{
    begin(store, asked);
    return end(store, asked);
}

static enum take_status take_one(struct store *store, const struct limit *limit,
                                 const struct quota_id *key, int64_t amount)
{
    struct asked asked = { .take = { .count = 1 } };

    asked.take.charges[0] = charge_of(limit, key, amount);
    return ask(store, &asked);
}

static int64_t left_of(struct store *store, const struct limit *limit,
                       const struct quota_id *key)
{
    struct asked asked = { .take = { .count = 1 } };

    asked.take.charges[0] = charge_of(limit, key, 0);
    assert_int_equal(ask(store, &asked), TAKE_GRANTED);
    return asked.take.grants[0].remaining;
}

/* -- A map -- */

static void one_node_that_is_there_is_enough(void **state)
{
    struct store *store;

    (void)state;
    redis_server_kill(&world.cluster.nodes[0]);
    store = open_with(0, SHORT_NS);
    for (int turns = 0; turns < 200 && world.down_count == 0; turns++)
        store_loop_turn(store, clock_boot_ns() + 50 * MILLISECOND);
    for (uint32_t node = 1; node < REDIS_CLUSTER_OWNERS; node++) {
        struct quota_id key = key_of_node(node);

        for (int tries = 0; take_one(store, &rate_, &key, 1) != TAKE_GRANTED;
             tries++) {
            assert_true(tries < 100);
            store_loop_run(store, clock_boot_ns() + 50 * MILLISECOND);
        }
    }
    store_free(store);
}

static void a_server_that_is_no_cluster_is_told(void **state)
{
    struct redis_server alone;
    struct str servers[1];
    struct redis_cluster nodes = { servers, 1 };
    struct redis_settings settings = { .cluster = &nodes,
                                       .key_prefix = STR("p"),
                                       .deadline_ns = SHORT_NS };
    const struct redis_events events = { on_up, on_down, NULL };
    struct quota_id key = { { 1 } };
    struct store *store;

    (void)state;
    redis_server_init(&alone);
    redis_server_start(&alone);
    servers[0] = str_of(alone.address);
    store = redis_store_new(&settings, &events);
    for (int turns = 0; world.down_count == 0; turns++) {
        assert_true(turns < 200);
        store_loop_turn(store, clock_boot_ns() + 50 * MILLISECOND);
    }
    assert_non_null(strstr(world.fault, "cluster support disabled"));
    assert_int_equal(take_one(store, &rate_, &key, 1), TAKE_OUTAGE);
    store_free(store);
    redis_server_fini(&alone);
}

/* -- Slots that move -- */

/* To each of the nodes in turn, one of which had none and is not known. */
static void takes_are_exact_while_their_slot_moves(void **state)
{
    struct store *store = open_store(DEADLINE_NS);
    struct quota_id key = key_of_node(0), other = neighbour_of(&key);
    uint16_t slot = slot_of_key(&key);
    uint32_t from = 0;

    (void)state;
    for (uint32_t to = REDIS_CLUSTER_NODES - 1; to > 0; from = to--) {
        struct redis_cluster_servers *cluster = &world.cluster;
        uint64_t asks = redis_cluster_errors(cluster, from, "ASK");
        uint64_t moves = redis_cluster_errors(cluster, from, "MOVED");

        redis_cluster_flush(cluster);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
        redis_cluster_begin_move(cluster, slot, from, to);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
        /* What is new is made where the slot will be; who is unknown has to be
         * connected to first. */
        for (int tries = 0; take_one(store, &slots_, &other, 5) != TAKE_GRANTED;
             tries++) {
            assert_true(tries < 100);
            store_loop_run(store, clock_boot_ns() + 10 * MILLISECOND);
        }
        redis_cluster_move_keys(cluster, slot, from, to);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
        assert_int_equal(left_of(store, &slots_, &key), 2);
        assert_int_equal(redis_cluster_errors(cluster, from, "MOVED"), moves);
        redis_cluster_end_move(cluster, slot, from, to);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
        assert_int_equal(take_one(store, &slots_, &key, 2), TAKE_REFUSED);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
        assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_REFUSED);
        assert_int_equal(left_of(store, &slots_, &other), 0);
        assert_true(redis_cluster_errors(cluster, from, "ASK") > asks);
        assert_true(redis_cluster_errors(cluster, from, "MOVED") > moves);
        assert_true(store->is_up);
    }
    store_free(store);
}

/* Many at once, in calls of several, go where each of them belongs. */
static void a_batch_is_exact_while_its_slot_moves(void **state)
{
    static struct asked asked[40];
    struct store *store = open_store(DEADLINE_NS);
    struct quota_id key = key_of_node(1), other = neighbour_of(&key);
    uint16_t slot = slot_of_key(&key);
    uint32_t granted = 0;

    (void)state;
    assert_int_equal(take_one(store, &slots_, &key, 1), TAKE_GRANTED);
    redis_cluster_begin_move(&world.cluster, slot, 1, 2);
    for (uint32_t i = 0; i < ROWS(asked); i++) {
        asked[i] = (struct asked){ .take = { .count = 1 } };
        asked[i].take.charges[0] = charge_of(&slots_, i % 2 ? &key : &other, 1);
        begin(store, &asked[i]);
    }
    for (uint32_t i = 0; i < ROWS(asked); i++) {
        assert_int_not_equal(end(store, &asked[i]), TAKE_OUTAGE);
        granted += asked[i].take.status == TAKE_GRANTED;
    }
    assert_int_equal(granted, 5 - 1 + 5);
    redis_cluster_move_keys(&world.cluster, slot, 1, 2);
    redis_cluster_end_move(&world.cluster, slot, 1, 2);
    assert_int_equal(left_of(store, &slots_, &key), 0);
    assert_int_equal(left_of(store, &slots_, &other), 0);
    store_free(store);
}

/* Two keys of one charge, one on either node: for this there is no answer. */
static void keys_on_both_nodes_are_an_outage_of_the_operation(void **state)
{
    struct store *store = open_store(DEADLINE_NS);
    struct quota_id key = key_of_node(0);
    struct quota_id elsewhere = key_of_node(0);
    struct asked asked = { .take = { .count = 1 } };

    (void)state;
    assert_int_equal(take_one(store, &rate_, &key, 1), TAKE_GRANTED);
    redis_cluster_begin_move(&world.cluster, slot_of_key(&key), 0, 1);
    asked.take.charges[0] = charge_of(&rate_, &key, 1);
    asked.take.charges[0].has_id = true;
    for (int i = 0; i < 20; i++) {
        asked.is_done = false;
        assert_int_equal(ask(store, &asked), TAKE_OUTAGE);
    }
    assert_true(redis_cluster_errors(&world.cluster, 0, "TRYAGAIN") > 0);
    /* Nothing is wrong with the node. */
    assert_true(store->is_up);
    assert_int_equal(take_one(store, &rate_, &elsewhere, 1), TAKE_GRANTED);
    redis_cluster_move_keys(&world.cluster, slot_of_key(&key), 0, 1);
    redis_cluster_end_move(&world.cluster, slot_of_key(&key), 0, 1);
    asked.is_done = false;
    assert_int_equal(ask(store, &asked), TAKE_GRANTED);
    assert_int_equal(left_of(store, &rate_, &key), 3);
    store_free(store);
}

/* -- Several slots -- */

/* Of node 0 and 1, and of two slots of node 2. */
static void all_or_nothing_over_all_nodes(void **state)
{
    struct store *store = open_store(DEADLINE_NS);
    struct quota_id keys[] = { key_of_node(0), key_of_node(1), key_of_node(2),
                               key_of_node(2) };
    const struct limit *limits[] = { &slots_, &rate_, &slots_, &rate_ };

    (void)state;
    for (uint32_t fails = 0; fails <= ROWS(keys); fails++) {
        struct asked asked = { .take = { .count = ROWS(keys) } };
        bool is_refused = fails < ROWS(keys);

        redis_cluster_flush(&world.cluster);
        for (uint32_t i = 0; i < ROWS(keys); i++) {
            asked.take.charges[i] =
                charge_of(limits[i], &keys[i], i == fails ? 6 : 2);
            asked.take.charges[i].has_id = true;
            asked.take.charges[i].id = (struct quota_id){ { 7 } };
        }
        assert_int_equal(ask(store, &asked),
                         is_refused ? TAKE_REFUSED : TAKE_GRANTED);
        for (uint32_t i = 0; i < ROWS(keys); i++) {
            const struct quota_grant *grant = &asked.take.grants[i];

            assert_int_equal(grant->is_refused, i == fails);
            assert_int_equal(grant->granted, is_refused ? 0 : 2);
            assert_int_equal(grant->remaining, is_refused ? 5 : 3);
            assert_int_equal(left_of(store, limits[i], &keys[i]),
                             is_refused ? 5 : 3);
        }
        if (!is_refused)
            continue;
        /* It left no record either: with less, the same id is granted anew. */
        asked.take.charges[fails].amount = 2;
        asked.is_done = false;
        assert_int_equal(ask(store, &asked), TAKE_GRANTED);
        for (uint32_t i = 0; i < ROWS(keys); i++)
            assert_int_equal(left_of(store, limits[i], &keys[i]), 3);
    }
    store_free(store);
}

/* To repeat a Check must not cost the lease that it has. */
static void what_was_had_before_is_not_undone(void **state)
{
    struct store *store = open_store(DEADLINE_NS);
    struct quota_id lease = key_of_node(0), other = key_of_node(1);
    struct asked asked = { .take = { .count = 2 } };

    (void)state;
    asked.take.charges[0] = charge_of(&slots_, &lease, 2);
    asked.take.charges[0].has_id = true;
    asked.take.charges[0].id = (struct quota_id){ { 9 } };
    asked.take.charges[1] = charge_of(&rate_, &other, 3);
    assert_int_equal(ask(store, &asked), TAKE_GRANTED);
    asked.is_done = false;
    assert_int_equal(ask(store, &asked), TAKE_REFUSED);
    assert_int_equal(left_of(store, &slots_, &lease), 3);
    assert_int_equal(left_of(store, &rate_, &other), 2);
    store_free(store);
}

/* Racing Checks of two slots each never have more than there is, and leave
 * nothing behind that is not theirs. */
static void races_over_slots_admit_no_more_than_the_limit(void **state)
{
    static struct asked asked[2][64];
    struct store *stores[2] = { open_store(DEADLINE_NS),
                                open_store(DEADLINE_NS) };
    struct quota_id keys[] = { key_of_node(0), key_of_node(1) };

    (void)state;
    for (int round = 0; round < 20; round++) {
        int64_t granted = 0;

        redis_cluster_flush(&world.cluster);
        for (uint32_t i = 0; i < 64 * 2; i++) {
            struct asked *one = &asked[i % 2][i / 2];

            *one = (struct asked){ .take = { .count = 2 } };
            /* In both orders, so that each may have what the other wants. */
            one->take.charges[0] = charge_of(&slots_, &keys[i % 3 == 0], 1);
            one->take.charges[1] = charge_of(&slots_, &keys[i % 3 != 0], 1);
            begin(stores[i % 2], one);
        }
        for (uint32_t turns = 0, open = 1; open > 0; turns++) {
            assert_true(turns < 100000);
            open = 0;
            for (uint32_t s = 0; s < 2; s++) {
                store_loop_turn(stores[s], clock_boot_ns());
                for (uint32_t i = 0; i < 64; i++)
                    open += !asked[s][i].is_done;
            }
        }
        for (uint32_t i = 0; i < 64 * 2; i++) {
            assert_int_not_equal(asked[i % 2][i / 2].take.status, TAKE_OUTAGE);
            granted += asked[i % 2][i / 2].take.status == TAKE_GRANTED;
        }
        assert_true(granted <= 5);
        assert_int_equal(left_of(stores[0], &slots_, &keys[0]), 5 - granted);
        assert_int_equal(left_of(stores[0], &slots_, &keys[1]), 5 - granted);
    }
    store_free(stores[0]);
    store_free(stores[1]);
}

/* -- Nodes that are lost -- */

static void with_a_node_lost_the_others_go_on(void **state)
{
    struct store *store = open_store(SHORT_NS);
    struct quota_id keys[] = { key_of_node(0), key_of_node(1) };
    struct asked both = { .take = { .count = 2 } };

    (void)state;
    redis_server_freeze(&world.cluster.nodes[0]);
    /* One part is not answered: the other is given back. */
    both.take.charges[0] = charge_of(&slots_, &keys[0], 1);
    both.take.charges[1] = charge_of(&slots_, &keys[1], 2);
    assert_int_equal(ask(store, &both), TAKE_OUTAGE);
    assert_int_equal(left_of(store, &slots_, &keys[1]), 5);
    while (store->is_up)
        assert_int_equal(take_one(store, &rate_, &keys[0], 1), TAKE_OUTAGE);
    for (int i = 0; i < 3; i++) {
        struct asked asked = { .take = { .count = 1 } };

        assert_int_equal(take_one(store, &rate_, &keys[1], 1), TAKE_GRANTED);
        /* Its breaker is open: nobody waits for it. */
        asked.take.charges[0] = charge_of(&rate_, &keys[0], 1);
        begin(store, &asked);
        assert_true(asked.is_done);
        assert_int_equal(asked.take.status, TAKE_OUTAGE);
    }
    redis_server_thaw(&world.cluster.nodes[0]);
    store_loop_until_up(store, true);
    assert_int_equal(take_one(store, &slots_, &keys[0], 4), TAKE_GRANTED);
    assert_int_equal(left_of(store, &slots_, &keys[1]), 5);
    store_free(store);
}

static void a_node_that_dies_and_returns_is_used_again(void **state)
{
    struct store *store = open_store(SHORT_NS);
    struct quota_id keys[] = { key_of_node(0), key_of_node(1), key_of_node(2) };

    (void)state;
    for (uint32_t node = 0; node < REDIS_CLUSTER_OWNERS; node++)
        assert_int_equal(take_one(store, &rate_, &keys[node], 1), TAKE_GRANTED);
    redis_server_kill(&world.cluster.nodes[2]);
    store_loop_until_up(store, false);
    /* Also beyond the time after which the cluster says that it has failed. */
    for (int i = 0; i < 30; i++) {
        assert_int_equal(take_one(store, &slots_, &keys[2], 1), TAKE_OUTAGE);
        assert_int_equal(left_of(store, &rate_, &keys[i % 2]), 4);
        store_loop_run(store, clock_boot_ns() + 100 * MILLISECOND);
    }
    redis_server_start(&world.cluster.nodes[2]);
    store_loop_until_up(store, true);
    assert_int_equal(take_one(store, &rate_, &keys[2], 5), TAKE_GRANTED);
    store_free(store);
}

/* What is under way when the store goes is answered. */
static void the_end_answers_all(void **state)
{
    static struct asked asked[20];
    struct store *store = open_store(DEADLINE_NS);

    (void)state;
    for (uint32_t i = 0; i < ROWS(asked); i++) {
        struct quota_id keys[] = { key_of_node(0), key_of_node(i % 3) };

        asked[i] = (struct asked){ .take = { .count = 2 } };
        asked[i].take.charges[0] = charge_of(&slots_, &keys[0], 1);
        asked[i].take.charges[1] = charge_of(&rate_, &keys[1], 1);
        begin(store, &asked[i]);
    }
    store_free(store);
    for (uint32_t i = 0; i < ROWS(asked); i++) {
        assert_true(asked[i].is_done);
        assert_int_equal(asked[i].take.status, TAKE_OUTAGE);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_node_that_is_there_is_enough),
        TEST(a_server_that_is_no_cluster_is_told),
        TEST(takes_are_exact_while_their_slot_moves),
        TEST(a_batch_is_exact_while_its_slot_moves),
        TEST(keys_on_both_nodes_are_an_outage_of_the_operation),
        TEST(all_or_nothing_over_all_nodes),
        TEST(what_was_had_before_is_not_undone),
        TEST(races_over_slots_admit_no_more_than_the_limit),
        TEST(with_a_node_lost_the_others_go_on),
        TEST(a_node_that_dies_and_returns_is_used_again),
        TEST(the_end_answers_all),
    };

    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
