/* A real Redis that refuses what it is asked: what each refusal does. */
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_NS SECOND

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 1000000,
                                    .lease_ns = MINUTE };

/* A test's world. */
struct world {
    struct redis_server server;
    struct redis_settings settings;
    int down_count;
    char fault[300]; /* the last one told */
};

static void on_up(void *context, const char *server)
{
    (void)context;
    (void)server;
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
    redis_server_init(&world.server);
    redis_server_start(&world.server);
    world.settings = (struct redis_settings){
        .server = str_of(world.server.address),
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .deadline_ns = DEADLINE_NS,
    };
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    redis_server_fini(&world->server);
    return 0;
}

static struct store *open_store(struct world *world)
{
    const struct redis_events events = { on_up, on_down, world };

    return redis_store_new(&world->settings, &events);
}

static bool is_answered;

static void on_answer(struct take *take)
{
    (void)take;
    is_answered = true;
}

static enum take_status ask(struct store *store)
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
        store_loop_turn(store, INT64_MAX);
    return take.status;
}

/* Commands that make Redis refuse, and those that end it; what is told. */
struct refusal {
    const char *why;
    const char *begin[2], *end[2];
    const char *fault;
    int ask_count;      /* until the store is down */
    bool is_connection; /* given up */
};

static const struct refusal refusals[] = {
    { "a replica",
      { "REPLICAOF 127.0.0.1 1" },
      { "REPLICAOF NO ONE" },
      "it is a replica: READONLY",
      1,
      true },
    { "a replica that has lost its master",
      { "CONFIG SET replica-serve-stale-data no", "REPLICAOF 127.0.0.1 1" },
      { "REPLICAOF NO ONE", "CONFIG SET replica-serve-stale-data yes" },
      "it is a replica that has lost its master: MASTERDOWN",
      1,
      true },
    { "too few replicas",
      { "CONFIG SET min-replicas-to-write 1" },
      { "CONFIG SET min-replicas-to-write 0" },
      "it takes no writes, as it has too few replicas: NOREPLICAS",
      1,
      false },
    { "a permission that is lost",
      { "ACL SETUSER sluice -evalsha -eval" },
      { "ACL SETUSER sluice +evalsha +eval" },
      "the user may not do what the store needs: NOPERM",
      1,
      false },
    { "a permission of its script",
      { "ACL SETUSER sluice -zadd -set" },
      { "ACL SETUSER sluice +zadd +set" },
      "ERR The user executing the script can't run this command",
      5,
      true },
    { "its memory is full",
      { "CONFIG SET maxmemory 1" },
      { "CONFIG SET maxmemory 0" },
      "its memory is full: OOM",
      5,
      true },
};

static void order(const char *why, struct world *world,
                  const char *const commands[2])
{
    for (int n = 0; n < 2 && commands[n]; n++)
        row_equal_str(why,
                      str_of(redis_server_ask(&world->server, commands[n])),
                      STR("+OK"));
}

static void ask_until_down(const struct refusal *refusal, struct store *store)
{
    int asked = 0;

    for (; store->is_up; asked++) {
        row_true(refusal->why, asked < refusal->ask_count);
        row_equal_i64(refusal->why, ask(store), TAKE_OUTAGE);
    }
    row_equal_i64(refusal->why, asked, refusal->ask_count);
}

static void check_refusal(const struct refusal *refusal, struct world *world)
{
    struct store *store = open_store(world);

    world->down_count = 0;
    store_loop_until_up(store, true);
    assert_int_equal(ask(store), TAKE_GRANTED);
    order(refusal->why, world, refusal->begin);
    ask_until_down(refusal, store);
    if (!str_starts_with(str_of(world->fault), str_of(refusal->fault)))
        row_fail(refusal->why, "%s", world->fault);
    store_loop_run(store, clock_boot_ns() + 100 * MILLISECOND);
    row_equal_i64(refusal->why, ask(store), TAKE_OUTAGE);
    row_equal_i64(refusal->why, world->down_count, 1);

    order(refusal->why, world, refusal->end);
    store_loop_until_up(store, true);
    row_equal_i64(refusal->why, ask(store), TAKE_GRANTED);
    row_equal_i64(refusal->why, store->stats.reconnects > 1,
                  refusal->is_connection);
    store_free(store);
}

/* Each while the store is up. */
static void a_refusal_is_an_outage_until_it_ends(void **state)
{
    for (size_t i = 0; i < ROWS(refusals); i++)
        check_refusal(&refusals[i], *state);
}

static int connect_to(const struct world *world)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof(un.sun_path), "%s", world->server.path);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    return fd;
}

static void a_script_of_others_that_never_ends(void **state)
{
    static const char forever[] = "EVAL \"while true do end\" 0\r\n";
    struct world *world = *state;
    struct store *store = open_store(world);
    int busy;

    store_loop_until_up(store, true);
    assert_string_equal(
        redis_server_ask(&world->server, "CONFIG SET lua-time-limit 20"),
        "+OK");
    busy = connect_to(world);
    assert_int_equal(send(busy, forever, sizeof(forever) - 1, 0),
                     sizeof(forever) - 1);
    while (store->is_up)
        ask(store);
    /* Whether it is told or only felt depends on how soon it is asked. */
    store_loop_run(store, clock_boot_ns() + 100 * MILLISECOND);
    assert_int_equal(ask(store), TAKE_OUTAGE);
    assert_string_equal(redis_server_ask(&world->server, "SCRIPT KILL"), "+OK");
    store_loop_until_up(store, true);
    assert_int_equal(ask(store), TAKE_GRANTED);
    assert_int_equal(store->stats.reconnects, 1);
    assert_non_null(strstr(world->fault, "it is busy with a script: BUSY"));
    close(busy);
    store_free(store);
}

static void who_it_is_must_be_right(void **state)
{
    static const struct {
        const char *why;
        struct redis_credentials credentials;
        const char *fault;
    } rows[] = {
        { "a wrong password",
          { STR_INIT(REDIS_SERVER_USER), STR_INIT("hunter2") },
          "cannot log in: user or password are wrong" },
        { "a user that there is not",
          { STR_INIT("nobody"), STR_INIT(REDIS_SERVER_PASSWORD) },
          "cannot log in: user or password are wrong" },
        { "a password where none is needed",
          { STR_INIT(""), STR_INIT("hunter2") },
          "cannot log in: it has no password for its default user" },
    };
    struct world *world = *state;
    const struct redis_credentials right = world->settings.credentials;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;

        world->settings.credentials = rows[i].credentials;
        world->down_count = 0;
        store = open_store(world);
        store_loop_run(store, clock_boot_ns() + 50 * MILLISECOND);
        row_equal_i64(rows[i].why, store->is_up, false);
        row_equal_i64(rows[i].why, world->down_count, 1);
        row_equal_str(rows[i].why, str_of(world->fault), str_of(rows[i].fault));

        /* What is right is taken without a new store. */
        redis_store_set_credentials(store, &right, NULL);
        store_loop_until_up(store, true);
        row_equal_i64(rows[i].why, ask(store), TAKE_GRANTED);
        store_free(store);
    }
}

static void a_password_that_is_asked_for_is_missed(void **state)
{
    struct world *world = *state;
    struct store *store;

    assert_string_equal(
        redis_server_ask(&world->server, "CONFIG SET requirepass hunter2"),
        "+OK");
    world->settings.credentials = (struct redis_credentials){ 0 };
    store = open_store(world);
    store_loop_run(store, clock_boot_ns() + 50 * MILLISECOND);
    assert_false(store->is_up);
    assert_string_equal(world->fault,
                        "it wants a password: NOAUTH Authentication required.");
    redis_store_set_credentials(
        store, &(struct redis_credentials){ STR(""), STR("hunter2") }, NULL);
    store_loop_until_up(store, true);
    assert_int_equal(ask(store), TAKE_GRANTED);
    store_free(store);
}

static void the_clock_is_that_of_redis(void **state)
{
    struct world *world = *state;
    struct store *store = open_store(world);
    int64_t skew_ns;

    store_loop_until_up(store, true);
    assert_true(store->has_clock);
    /* It is this machine's: off by half a round trip at most. */
    skew_ns = store->clock_offset_ns - (clock_wall_ns() - clock_boot_ns());
    assert_true(skew_ns > -DEADLINE_NS && skew_ns < DEADLINE_NS);
    store_free(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_is_an_outage_until_it_ends),
        TEST(a_script_of_others_that_never_ends),
        TEST(who_it_is_must_be_right),
        TEST(a_password_that_is_asked_for_is_missed),
        TEST(the_clock_is_that_of_redis),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
