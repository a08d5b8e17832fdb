/* A server that answers what Redis seldom or never does. */
#include "test/quota/fake_world.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#define GRANTED_ONE FAKE_GRANTED_ONE

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 1,
                                    .lease_ns = MINUTE };

static int answer_count;

static void on_answer(struct take *take)
{
    (void)take;
    answer_count++;
}

static enum take_status ask(struct world *world, struct store *store)
{
    struct take take = { .count = 1,
                         .deadline_ns = INT64_MAX,
                         .done = on_answer };
    int64_t asked_ns = clock_boot_ns();

    take.charges[0] = (struct charge){ .limit = &slots, .amount = 1 };
    answer_count = 0;
    if (store_take(store, &take, asked_ns) == STORE_NOW)
        return take.status;
    while (answer_count == 0) {
        assert_true(clock_boot_ns() - asked_ns < WORLD_DEADLINE_NS + SECOND);
        world_run(world, store, MILLISECOND);
    }
    assert_int_equal(answer_count, 1);
    return take.status;
}

/* What the store does about the connection. */
enum then {
    STAYS,
    PROBES,
    RECONNECTS,
};

struct answer {
    const char *why;
    const char *bytes;
    enum take_status status;
    enum then then;
};

static const struct answer answers[] = {
    { "granted", GRANTED_ONE, TAKE_GRANTED, STAYS },
    { "refused", "*2\r\n:-1\r\n:0\r\n", TAKE_REFUSED, STAYS },
    { "not made", "*2\r\n:2000000000\r\n:0\r\n", TAKE_OUTAGE, STAYS },
    { "a replica", "-READONLY You can't write against a read only replica.\r\n",
      TAKE_OUTAGE, RECONNECTS },
    { "a replica, as version 6 tells it",
      "-ERR Error running script (call to "
      "f_6b1bf486c81ceb7edf3c093f4a48582e4c0eab33): @user_script:1: "
      "@user_script: 1: -READONLY You can't write\r\n",
      TAKE_OUTAGE, RECONNECTS },
    { "a replica without its master",
      "-MASTERDOWN Link with MASTER is down\r\n", TAKE_OUTAGE, RECONNECTS },
    { "a password is needed", "-NOAUTH Authentication required.\r\n",
      TAKE_OUTAGE, RECONNECTS },
    { "a password is wrong", "-WRONGPASS invalid\r\n", TAKE_OUTAGE,
      RECONNECTS },
    { "not allowed", "-NOPERM this user has no permissions\r\n", TAKE_OUTAGE,
      PROBES },
    { "loading", "-LOADING Redis is loading the dataset in memory\r\n",
      TAKE_OUTAGE, PROBES },
    { "busy", "-BUSY Redis is busy running a script\r\n", TAKE_OUTAGE, PROBES },
    { "a disk that is full", "-MISCONF Redis is configured to save\r\n",
      TAKE_OUTAGE, PROBES },
    { "no replica to write to", "-NOREPLICAS Not enough good replicas\r\n",
      TAKE_OUTAGE, PROBES },
    { "a cluster that is down", "-CLUSTERDOWN Hash slot not served\r\n",
      TAKE_OUTAGE, PROBES },
    { "out of memory", "-OOM command not allowed\r\n", TAKE_OUTAGE, STAYS },
    { "keys that move", "-TRYAGAIN Multiple keys request\r\n", TAKE_OUTAGE,
      STAYS },
    { "a cluster whose slot moves", "-ASK 3999 127.0.0.1:6381\r\n", TAKE_OUTAGE,
      STAYS },
    { "a cluster", "-MOVED 3999 127.0.0.1:6381\r\n", TAKE_OUTAGE, STAYS },
    { "somebody else's key", "-WRONGTYPE Operation against a key\r\n",
      TAKE_OUTAGE, STAYS },
    { "half a word is none", "-READ only\r\n", TAKE_OUTAGE, STAYS },
    { "more than a word is none", "-READONLYX\r\n", TAKE_OUTAGE, STAYS },
    { "an empty error", "-\r\n", TAKE_OUTAGE, STAYS },
    { "never knows the script", "-NOSCRIPT No matching script\r\n", TAKE_OUTAGE,
      STAYS },
    { "half an answer", "*2\r\n:1\r\n", TAKE_OUTAGE, STAYS },
    { "no answer", "", TAKE_OUTAGE, STAYS },
    { "a huge string", "$500000000\r\nabc", TAKE_OUTAGE, STAYS },
    { "a status", "+OK\r\n", TAKE_OUTAGE, RECONNECTS },
    { "nothing", "$-1\r\n", TAKE_OUTAGE, RECONNECTS },
    { "one integer", ":1\r\n", TAKE_OUTAGE, RECONNECTS },
    { "too few integers", "*1\r\n:1\r\n", TAKE_OUTAGE, RECONNECTS },
    { "too many", "*4\r\n:1\r\n:0\r\n:1\r\n:0\r\n", TAKE_OUTAGE, RECONNECTS },
    { "no integers", "*2\r\n:1\r\n$1\r\n0\r\n", TAKE_OUTAGE, RECONNECTS },
    { "an absurd grant", "*2\r\n:4611686018427387904\r\n:0\r\n", TAKE_OUTAGE,
      RECONNECTS },
    { "an absurd rest", "*2\r\n:1\r\n:-9223372036854775808\r\n", TAKE_OUTAGE,
      RECONNECTS },
    { "more than all is left", "*2\r\n:1\r\n:2\r\n", TAKE_OUTAGE, RECONNECTS },
    { "a huge array", "*2147483647\r\n", TAKE_OUTAGE, RECONNECTS },
    { "another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", TAKE_OUTAGE,
      RECONNECTS },
    { "an answer nobody waits for", GRANTED_ONE GRANTED_ONE, TAKE_GRANTED,
      RECONNECTS },
    { "hangs up", NULL, TAKE_OUTAGE, RECONNECTS },
};

static void check_answer(const struct answer *answer)
{
    bool is_lost = answer->then == RECONNECTS;
    struct store *store;
    struct world world;

    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = answer->bytes;
    store = world_open(&world);
    world_run_until_up(&world, store);
    row_equal_i64(answer->why, ask(&world, store), answer->status);
    world_run(&world, store, 5 * MILLISECOND);
    row_equal_i64(answer->why, world.down_count, answer->then != STAYS);
    /* It comes back by itself. */
    world_run_until_up(&world, store);
    world.redis.answers[FAKE_EVALSHA] = GRANTED_ONE;
    if (answer->then != STAYS)
        row_equal_i64(answer->why, ask(&world, store), TAKE_GRANTED);
    row_equal_i64(answer->why, world.redis.accept_count, 1 + is_lost);
    store_free(store);
    world_fini(&world);
}

static void every_answer_is_understood_or_an_outage(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(answers); i++)
        check_answer(&answers[i]);
}

static void
a_script_that_is_never_known_is_loaded_once_per_operation(void **state)
{
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = "-NOSCRIPT\r\n";
    store = world_open(&world);
    world_run_until_up(&world, store);
    assert_int_equal(ask(&world, store), TAKE_OUTAGE);
    assert_int_equal(world.redis.counts[FAKE_SCRIPT], 1);
    assert_int_equal(ask(&world, store), TAKE_OUTAGE);
    assert_int_equal(world.redis.counts[FAKE_SCRIPT], 2);
    store_free(store);
    world_fini(&world);
}

struct probe_answer {
    const char *why;
    const char *bytes;
    const char *fault;
    bool keeps; /* the connection */
};

static const struct probe_answer probe_answers[] = {
    { "no password", "-NOAUTH Authentication required.\r\n",
      "it wants a password: NOAUTH Authentication required.", false },
    { "not allowed", "-NOPERM no permissions to run 'eval'\r\n",
      "the user may not do what the store needs: NOPERM no permissions to "
      "run 'eval'",
      true },
    { "loading", "-LOADING wait\r\n", "it is loading its data: LOADING wait",
      true },
    { "busy", "-BUSY wait\r\n", "it is busy with a script: BUSY wait", true },
    { "a replica", "-READONLY no\r\n", "it is a replica: READONLY no", false },
    { "full", "-OOM no\r\n", "its memory is full: OOM no", false },
    { "an error of a proxy", "-ERR upstream failure\r\n",
      "ERR upstream failure", false },
    { "no answer", "", "no answer", false },
    { "half an answer", "*3\r\n:1", "no answer", false },
    { "garbage", "SSH-2.0-OpenSSH_9.2\r\n", "malformed reply", false },
    { "no integers", "+OK\r\n", "malformed reply", false },
    { "hangs up", NULL, "closed by Redis", false },
};

static void check_probe_answer(const struct probe_answer *answer)
{
    struct store *store;
    struct world world;

    world_init(&world);
    world.redis.answers[FAKE_EVAL] = answer->bytes;
    store = world_open(&world);
    world_run(&world, store, 500 * MILLISECOND);
    row_equal_i64(answer->why, store->is_up, false);
    row_equal_i64(answer->why, ask(&world, store), TAKE_OUTAGE);
    row_equal_i64(answer->why, world.down_count, 1);
    row_equal_str(answer->why, str_of(world.fault), str_of(answer->fault));
    /* Back-off: no storm of connections. */
    row_true(answer->why, world.redis.accept_count < 20);
    row_true(answer->why, answer->keeps == (world.redis.accept_count == 1));

    world.redis.answers[FAKE_EVAL] = FAKE_PROBED;
    world_run_until_up(&world, store);
    row_equal_i64(answer->why, ask(&world, store), TAKE_GRANTED);
    store_free(store);
    world_fini(&world);
}

static void a_probe_must_succeed_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(probe_answers); i++)
        check_probe_answer(&probe_answers[i]);
}

/* Before anything else, and what is answered is never repeated. */
static void it_logs_in_first(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *fault; /* NULL: up */
    } rows[] = {
        { "welcome", "+OK\r\n", NULL },
        { "wrong", "-WRONGPASS invalid username-password pair\r\n",
          "cannot log in: user or password are wrong" },
        { "no password there",
          "-ERR AUTH <password> called without any password configured for "
          "the default user.\r\n",
          "cannot log in: it has no password for its default user" },
        { "not known, and repeated",
          "-ERR unknown command 'AUTH', with args beginning with: 'me' "
          "'hunter2'\r\n",
          "cannot log in: it does not take the password" },
        { "the password as an error", "-hunter2\r\n",
          "cannot log in: it does not take the password" },
        { "no status", ":1\r\n", "cannot log in: malformed reply" },
        { "hangs up", NULL, "closed by Redis" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;
        struct world world;

        world_init(&world);
        world.settings.credentials =
            (struct redis_credentials){ .user = STR("me"),
                                        .password = STR("hunter2") };
        world.settings.database = 3;
        world.redis.answers[FAKE_AUTH] = rows[i].answer;
        store = world_open(&world);
        world_run(&world, store, 200 * MILLISECOND);
        row_equal_i64(rows[i].why, store->is_up, !rows[i].fault);
        row_equal_str(rows[i].why, str_of(world.redis.first), STR("AUTH"));
        if (rows[i].fault)
            row_equal_str(rows[i].why, str_of(world.fault),
                          str_of(rows[i].fault));

        world.redis.answers[FAKE_AUTH] = "+OK\r\n";
        world_run_until_up(&world, store);
        row_equal_i64(rows[i].why, ask(&world, store), TAKE_GRANTED);
        store_free(store);
        world_fini(&world);
    }
}

static void without_a_password_it_does_not_log_in(void **state)
{
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    store = world_open(&world);
    world_run_until_up(&world, store);
    assert_int_equal(world.redis.counts[FAKE_AUTH], 0);
    assert_int_equal(world.redis.counts[FAKE_SELECT], 0);
    assert_int_equal(world.redis.counts[FAKE_ROLE], 0);
    store_free(store);
    world_fini(&world);
}

static void a_database_that_cannot_be_had_is_an_outage(void **state)
{
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.settings.database = 99;
    world.redis.answers[FAKE_SELECT] = "-ERR DB index is out of range\r\n";
    store = world_open(&world);
    world_run(&world, store, 100 * MILLISECOND);
    assert_false(store->is_up);
    assert_string_equal(
        world.fault,
        "cannot select the database: ERR DB index is out of range");
    store_free(store);
    world_fini(&world);
}

static void the_clock_is_told_but_not_needed(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        bool is_up, has_clock;
    } rows[] = {
        { "told", "*2\r\n$10\r\n1700000000\r\n$1\r\n7\r\n", true, true },
        { "not allowed", "-NOPERM no\r\n", true, false },
        { "nonsense", "*2\r\n$3\r\nnow\r\n$1\r\n7\r\n", true, false },
        { "no answer to that", ":7\r\n", false, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;
        struct world world;

        world_init(&world);
        world.redis.answers[FAKE_TIME] = rows[i].answer;
        store = world_open(&world);
        world_run(&world, store, 100 * MILLISECOND);
        row_equal_i64(rows[i].why, store->is_up, rows[i].is_up);
        row_equal_i64(rows[i].why, store->has_clock, rows[i].has_clock);
        if (rows[i].has_clock)
            row_true(rows[i].why,
                     store->clock_offset_ns > 1600000000 * SECOND &&
                         store->clock_offset_ns < 1700000000 * SECOND);
        store_free(store);
        world_fini(&world);
    }
}

/* Time moves by addition: nothing is ever due that is not waited for. */
static void an_idle_store_asks_for_the_clock(void **state)
{
    struct store_wait wait;
    struct store *store;
    struct world world;
    int64_t now_ns;

    (void)state;
    world_init(&world);
    store = world_open(&world);
    world_run_until_up(&world, store);
    assert_int_equal(world.redis.counts[FAKE_TIME], 1);
    store_wait(store, &wait);
    now_ns = wait.deadline_ns;
    assert_true(now_ns < INT64_MAX);
    store_step(store, NULL, now_ns);
    fake_redis_turn(&world.redis);
    assert_int_equal(world.redis.counts[FAKE_TIME], 2);

    /* Nobody answers: that is an outage, also without any operation. */
    store_wait(store, &wait);
    assert_true(wait.deadline_ns > now_ns);
    store_step(store, NULL, wait.deadline_ns);
    assert_false(store->is_up);
    assert_string_equal(world.fault, "no answer");
    store_free(store);
    world_fini(&world);
}

static void errors_in_a_row_open_the_breaker_until_they_end(void **state)
{
    struct store *store;
    struct world world;
    int asked = 0;

    (void)state;
    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = "-OOM no\r\n";
    store = world_open(&world);
    world_run_until_up(&world, store);
    world.redis.answers[FAKE_EVAL] = "-OOM no\r\n";
    for (; store->is_up; asked++)
        assert_int_equal(ask(&world, store), TAKE_OUTAGE);
    assert_in_range(asked, 2, 20);
    world_run(&world, store, 500 * MILLISECOND);
    assert_false(store->is_up);
    assert_string_equal(world.fault, "its memory is full: OOM no");
    assert_int_equal(world.down_count, 1);

    world.redis.answers[FAKE_EVAL] = FAKE_PROBED;
    world.redis.answers[FAKE_EVALSHA] = GRANTED_ONE;
    world_run_until_up(&world, store);
    assert_int_equal(ask(&world, store), TAKE_GRANTED);
    store_free(store);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_understood_or_an_outage),
        cmocka_unit_test(
            a_script_that_is_never_known_is_loaded_once_per_operation),
        cmocka_unit_test(a_probe_must_succeed_in_time),
        cmocka_unit_test(it_logs_in_first),
        cmocka_unit_test(without_a_password_it_does_not_log_in),
        cmocka_unit_test(a_database_that_cannot_be_had_is_an_outage),
        cmocka_unit_test(the_clock_is_told_but_not_needed),
        cmocka_unit_test(an_idle_store_asks_for_the_clock),
        cmocka_unit_test(errors_in_a_row_open_the_breaker_until_they_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
