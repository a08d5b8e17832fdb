/* Sentinels that are right, wrong, late or away, and real servers that they
 * name. */
#include "test/support/fake_redis.h"
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <stdio.h>

#define DEADLINE_NS SECOND
#define SENTINELS 2
#define ANSWER_BYTES 160

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 10,
                                    .lease_ns = MINUTE };

/* A test's world: the first server is the master at first. */
struct world {
    struct redis_server servers[2];
    struct fake_redis sentinels[SENTINELS];
    struct str addresses[SENTINELS];
    struct redis_credentials credentials; /* for sentinels */
    int up_count, down_count;
    char server[300], fault[300]; /* as last told */
};

static void on_up(void *context, const char *server)
{
    struct world *world = context;

    world->up_count++;
    snprintf(world->server, sizeof(world->server), "%s", server);
}

static void on_down(void *context, const char *server, const char *detail)
{
    struct world *world = context;

    (void)server;
    world->down_count++;
    snprintf(world->fault, sizeof(world->fault), "%s", detail);
}

static int setup(void **state)
{
    static struct world world;

    world = (struct world){ 0 };
    for (int i = 0; i < 2; i++) {
        redis_server_init(&world.servers[i]);
        redis_server_start(&world.servers[i]);
    }
    for (int i = 0; i < SENTINELS; i++) {
        fake_redis_init(&world.sentinels[i]);
        world.addresses[i] = str_of(world.sentinels[i].address);
    }
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < SENTINELS; i++)
        fake_redis_fini(&world->sentinels[i]);
    for (int i = 0; i < 2; i++)
        redis_server_fini(&world->servers[i]);
    return 0;
}

static struct store *open_store(struct world *world)
{
    const struct redis_sentinels sentinels = {
        .servers = world->addresses,
        .count = SENTINELS,
        .master = STR("mymaster"),
        .credentials = world->credentials,
    };
    const struct redis_settings settings = {
        .sentinels = &sentinels,
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .deadline_ns = DEADLINE_NS,
    };
    const struct redis_events events = { on_up, on_down, world };

    return redis_store_new(&settings, &events);
}

/* That the master is at a port of 127.0.0.1; `answer` stays the caller's. */
static const char *name_port(char answer[ANSWER_BYTES], int port)
{
    char digits[16];
    int len = snprintf(digits, sizeof(digits), "%d", port);

    snprintf(answer, ANSWER_BYTES, "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n",
             len, digits);
    return answer;
}

static void run(struct world *world, struct store *store, int64_t ns)
{
    struct fake_redis *const fakes[] = { &world->sentinels[0],
                                         &world->sentinels[1] };

    fake_redis_run(store, fakes, SENTINELS, ns);
}

static void run_until(struct world *world, struct store *store, bool is_up)
{
    for (int turns = 0; store->is_up != is_up; turns++) {
        assert_true(turns < 10000);
        run(world, store, MILLISECOND);
    }
}

static bool is_answered;

static void on_answer(struct take *take)
{
    (void)take;
    is_answered = true;
}

static enum take_status ask(struct world *world, struct store *store)
{
    struct take take = { .count = 1,
                         .deadline_ns = INT64_MAX,
                         .done = on_answer };

    take.charges[0] = (struct charge){ .limit = &slots,
                                       .quota = STR("quota"),
                                       .key = store_hash(store, STR("key")),
                                       .amount = 1 };
    is_answered = false;
    if (store_take(store, &take, clock_boot_ns()) == STORE_NOW)
        return take.status;
    while (!is_answered)
        run(world, store, MILLISECOND);
    return take.status;
}

static void is_at(const char *why, const struct world *world, int index)
{
    char address[64];

    snprintf(address, sizeof(address), "127.0.0.1:%d",
             world->servers[index].port);
    row_equal_str(why, str_of(world->server), str_of(address));
}

static void demote(struct world *world, int index)
{
    assert_string_equal(
        redis_server_ask(&world->servers[index], "REPLICAOF 127.0.0.1 1"),
        "+OK");
}

/* The first is of no use, the second is right. */
static void one_that_is_right_is_enough(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
    } rows[] = {
        { "does not know the master", "*-1\r\n" },
        { "an error", "-ERR no\r\n" },
        { "wants a password", "-NOAUTH Authentication required.\r\n" },
        { "no answer", "" },
        { "half an answer", "*2\r\n$9\r\n127.0.0.1\r\n$4" },
        { "hangs up", NULL },
        { "another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n" },
        { "a status", "+OK\r\n" },
        { "integers", "*2\r\n:1\r\n:6379\r\n" },
        { "no port", "*1\r\n$9\r\n127.0.0.1\r\n" },
        { "a port that is none", "*2\r\n$9\r\n127.0.0.1\r\n$2\r\n-1\r\n" },
        { "a port that cannot be", "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n" },
        { "a host that is none", "*2\r\n$6\r\nunix:/\r\n$4\r\n6379\r\n" },
        { "nobody is there", "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n" },
    };
    struct world *world = *state;
    char answer[ANSWER_BYTES];

    world->sentinels[1].answers[FAKE_SENTINEL] =
        name_port(answer, world->servers[0].port);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;

        world->sentinels[0].answers[FAKE_SENTINEL] = rows[i].answer;
        store = open_store(world);
        run_until(world, store, true);
        is_at(rows[i].why, world, 0);
        row_equal_i64(rows[i].why, ask(world, store), TAKE_GRANTED);
        store_free(store);
        redis_server_ask(&world->servers[0], "FLUSHALL");
    }
}

static void sentinels_may_be_away(void **state)
{
    struct world *world = *state;
    char answer[ANSWER_BYTES];
    struct store *store;

    fake_redis_close(&world->sentinels[0]);
    world->sentinels[1].answers[FAKE_SENTINEL] =
        name_port(answer, world->servers[0].port);
    store = open_store(world);
    run_until(world, store, true);

    /* Who has found the master needs them no more. */
    fake_redis_close(&world->sentinels[1]);
    run(world, store, 50 * MILLISECOND);
    assert_int_equal(ask(world, store), TAKE_GRANTED);
    redis_server_kill(&world->servers[0]);
    run_until(world, store, false);
    run(world, store, 100 * MILLISECOND);
    assert_int_equal(ask(world, store), TAKE_OUTAGE);
    store_free(store);
}

static void what_nobody_knows_is_an_outage(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);

    run(world, store, 100 * MILLISECOND);
    assert_false(store->is_up);
    assert_int_equal(world->down_count, 1);
    assert_non_null(strstr(world->fault, "cannot find the master: sentinel "));
    assert_non_null(strstr(world->fault, ": it does not know the master"));
    /* Back-off: no storm of questions. */
    assert_in_range(world->sentinels[0].counts[FAKE_SENTINEL], 1, 10);
    assert_int_equal(ask(world, store), TAKE_OUTAGE);
    store_free(store);
}

static void a_replica_is_not_believed(void **state)
{
    struct world *world = *state;
    char lie[ANSWER_BYTES], truth[ANSWER_BYTES];
    struct store *store;

    /* It would even take writes. */
    demote(world, 1);
    redis_server_ask(&world->servers[1], "CONFIG SET replica-read-only no");
    name_port(lie, world->servers[1].port);
    name_port(truth, world->servers[0].port);
    world->sentinels[0].answers[FAKE_SENTINEL] = lie;
    world->sentinels[1].answers[FAKE_SENTINEL] = lie;
    store = open_store(world);
    run(world, store, 300 * MILLISECOND);
    assert_false(store->is_up);
    assert_string_equal(world->fault, "it is a replica, not the master");
    assert_int_equal(ask(world, store), TAKE_OUTAGE);

    /* The other one is asked as well, by and by. */
    world->sentinels[1].answers[FAKE_SENTINEL] = truth;
    run_until(world, store, true);
    is_at("truth", world, 0);
    assert_int_equal(ask(world, store), TAKE_GRANTED);
    assert_int_equal(world->up_count, 1);
    store_free(store);
}

/* What becomes of the old master, in the middle of operations. */
static void follow(const char *why, struct world *world, bool is_killed)
{
    char first[ANSWER_BYTES], second[ANSWER_BYTES];
    struct store *store;
    int granted = 0;

    name_port(first, world->servers[0].port);
    name_port(second, world->servers[1].port);
    for (int s = 0; s < SENTINELS; s++)
        world->sentinels[s].answers[FAKE_SENTINEL] = first;
    store = open_store(world);
    run_until(world, store, true);
    row_equal_i64(why, ask(world, store), TAKE_GRANTED);

    if (is_killed)
        redis_server_kill(&world->servers[0]);
    else
        demote(world, 0);
    while (store->is_up)
        row_equal_i64(why, ask(world, store), TAKE_OUTAGE);
    /* As long as sentinels have not noticed, so is all. */
    run(world, store, 300 * MILLISECOND);
    row_equal_i64(why, ask(world, store), TAKE_OUTAGE);

    world->sentinels[1].answers[FAKE_SENTINEL] = second;
    run_until(world, store, true);
    is_at(why, world, 1);
    for (int n = 0; n < 20; n++)
        granted += ask(world, store) == TAKE_GRANTED;
    row_equal_i64(why, granted, 10);
    store_free(store);
}

static void it_follows_when_the_master_is_demoted(void **state)
{
    follow("demoted", *state, false);
}

static void it_follows_when_the_master_is_killed(void **state)
{
    follow("killed", *state, true);
}

static void it_logs_in_to_sentinels(void **state)
{
    struct world *world = *state;
    char answer[ANSWER_BYTES];
    struct store *store;

    world->credentials =
        (struct redis_credentials){ STR("me"), STR("hunter2") };
    name_port(answer, world->servers[0].port);
    for (int i = 0; i < SENTINELS; i++) {
        world->sentinels[i].answers[FAKE_SENTINEL] = answer;
        world->sentinels[i].answers[FAKE_AUTH] = "-WRONGPASS no hunter2\r\n";
    }
    store = open_store(world);
    run(world, store, 100 * MILLISECOND);
    assert_false(store->is_up);
    assert_non_null(strstr(world->fault, "user or password are wrong"));
    assert_null(strstr(world->fault, "hunter2"));
    assert_string_equal(world->sentinels[0].first, "AUTH");

    world->sentinels[1].answers[FAKE_AUTH] = "+OK\r\n";
    run_until(world, store, true);
    store_free(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_right_is_enough),
        TEST(sentinels_may_be_away),
        TEST(what_nobody_knows_is_an_outage),
        TEST(a_replica_is_not_believed),
        TEST(it_follows_when_the_master_is_demoted),
        TEST(it_follows_when_the_master_is_killed),
        TEST(it_logs_in_to_sentinels),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
