/* Batches of operations, over a server that answers as it is told. */
#include "test/quota/fake_world.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <poll.h>

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 1,
                                    .lease_ns = MINUTE };

#define MEMBERS_MAX 40

/* Takes of one slot each that are asked for together. */
struct member {
    struct take take;
    bool is_answered;
};

static void on_member_answer(struct take *take)
{
    container_of(take, struct member, take)->is_answered = true;
}

static void start_members(struct store *store, struct member *members,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){ .take = { .count = 1,
                                                .deadline_ns = INT64_MAX,
                                                .done = on_member_answer } };
        members[i].take.charges[0] =
            (struct charge){ .limit = &slots, .amount = 1 };
        assert_int_equal(store_take(store, &members[i].take, clock_boot_ns()),
                         STORE_LATER);
    }
}

static void wait_for_members(struct world *world, struct store *store,
                             const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        while (!members[i].is_answered)
            world_run(world, store, MILLISECOND);
}

static void each_of_a_batch_has_its_answer(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        enum take_status statuses[3];
        bool is_lost; /* the connection */
    } rows[] = {
        { "granted, refused, not made",
          "*6\r\n:1\r\n:0\r\n:-1\r\n:0\r\n:2000000000\r\n:0\r\n",
          { TAKE_GRANTED, TAKE_REFUSED, TAKE_OUTAGE },
          false },
        { "an error is one for all",
          "-OOM no\r\n",
          { TAKE_OUTAGE, TAKE_OUTAGE, TAKE_OUTAGE },
          false },
        { "so is nonsense at the end",
          "*6\r\n:1\r\n:0\r\n:1\r\n:0\r\n:1\r\n:7\r\n",
          { TAKE_OUTAGE, TAKE_OUTAGE, TAKE_OUTAGE },
          true },
        { "an answer is missing",
          "*4\r\n:1\r\n:0\r\n:1\r\n:0\r\n",
          { TAKE_OUTAGE, TAKE_OUTAGE, TAKE_OUTAGE },
          true },
        { "one too many",
          "*8\r\n:1\r\n:0\r\n:1\r\n:0\r\n:1\r\n:0\r\n:1\r\n:0\r\n",
          { TAKE_OUTAGE, TAKE_OUTAGE, TAKE_OUTAGE },
          true },
        { "hangs up", NULL, { TAKE_OUTAGE, TAKE_OUTAGE, TAKE_OUTAGE }, true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct member members[3];
        struct store *store;
        struct world world;

        world_init(&world);
        world.redis.answers[FAKE_EVALSHA] = rows[i].answer;
        store = world_open(&world);
        world_run_until_up(&world, store);
        start_members(store, members, 3);
        wait_for_members(&world, store, members, 3);
        row_equal_i64(rows[i].why, world.redis.counts[FAKE_EVALSHA], 1);
        for (size_t n = 0; n < 3; n++)
            row_equal_i64(rows[i].why, members[n].take.status,
                          rows[i].statuses[n]);
        row_equal_i64(rows[i].why, world.down_count, rows[i].is_lost);
        store_free(store);
        world_fini(&world);
    }
}

/* It is one answer, however many wait for it. */
static void an_error_of_a_batch_is_one_failure(void **state)
{
    struct member members[MEMBERS_MAX];
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = "-OOM no\r\n";
    store = world_open(&world);
    world_run_until_up(&world, store);
    start_members(store, members, MEMBERS_MAX);
    wait_for_members(&world, store, members, MEMBERS_MAX);
    assert_int_equal(world.redis.counts[FAKE_EVALSHA], 2);
    assert_int_equal(store->stats.outages, MEMBERS_MAX);
    assert_true(store->is_up);
    store_free(store);
    world_fini(&world);
}

static void a_batch_without_its_script_goes_out_again_once(void **state)
{
    struct member members[3];
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = "-NOSCRIPT\r\n";
    store = world_open(&world);
    world_run_until_up(&world, store);
    start_members(store, members, 3);
    wait_for_members(&world, store, members, 3);
    assert_int_equal(world.redis.counts[FAKE_EVALSHA], 2);
    assert_int_equal(world.redis.counts[FAKE_SCRIPT], 1);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal(members[n].take.status, TAKE_OUTAGE);
    store_free(store);
    world_fini(&world);
}

/* Time moves by addition: the second of three is late, the others are not. */
static void one_of_a_batch_may_be_late(void **state)
{
    int64_t now_ns, soon_ns;
    struct member members[3];
    struct store_wait wait;
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.redis.answers[FAKE_EVALSHA] = "";
    store = world_open(&world);
    world_run_until_up(&world, store);
    now_ns = clock_boot_ns();
    soon_ns = now_ns + MILLISECOND;
    start_members(store, members, 1);
    members[1] = members[0];
    members[1].take.deadline_ns = soon_ns;
    assert_int_equal(store_take(store, &members[1].take, now_ns), STORE_LATER);
    start_members(store, &members[2], 1);
    store_step(store, NULL, now_ns);
    fake_redis_turn(&world.redis);
    assert_int_equal(world.redis.counts[FAKE_EVALSHA], 1);

    store_wait(store, &wait);
    assert_int_equal(wait.deadline_ns, soon_ns);
    store_step(store, NULL, soon_ns);
    assert_true(members[1].is_answered);
    assert_int_equal(members[1].take.status, TAKE_OUTAGE);
    assert_false(members[0].is_answered || members[2].is_answered);

    /* The place of the late one stays in the reply, whatever it says. */
    fake_redis_say(&world.redis,
                   "*6\r\n:1\r\n:0\r\n:77\r\n:99\r\n:-1\r\n:0\r\n");
    wait.fds[0].revents = POLLIN;
    store_step(store, &wait, soon_ns);
    assert_int_equal(members[0].take.status, TAKE_GRANTED);
    assert_int_equal(members[2].take.status, TAKE_REFUSED);
    assert_int_equal(store->stats.outages, 1);
    store_free(store);
    world_fini(&world);
}

/* A loop that was held up says nothing of Redis. */
static void what_is_late_before_it_was_sent_never_is(void **state)
{
    int64_t now_ns = clock_boot_ns();
    struct member members[MEMBERS_MAX];
    struct store *store;
    struct world world;

    (void)state;
    world_init(&world);
    world.settings.deadline_ns = HOUR;
    store = world_open(&world);
    world_run_until_up(&world, store);
    start_members(store, members, 1);
    for (size_t i = 1; i < MEMBERS_MAX; i++) {
        members[i] = members[0];
        members[i].take.deadline_ns = now_ns + SECOND;
        assert_int_equal(store_take(store, &members[i].take, now_ns),
                         STORE_LATER);
    }
    store_step(store, NULL, now_ns + SECOND);
    for (size_t i = 1; i < MEMBERS_MAX; i++) {
        assert_true(members[i].is_answered);
        assert_int_equal(members[i].take.status, TAKE_OUTAGE);
    }
    /* The answer is to one, so one was asked for. */
    wait_for_members(&world, store, members, 1);
    assert_int_equal(members[0].take.status, TAKE_GRANTED);
    assert_int_equal(world.redis.counts[FAKE_EVALSHA], 1);
    assert_int_equal(world.down_count, 0);
    store_free(store);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_a_batch_has_its_answer),
        cmocka_unit_test(an_error_of_a_batch_is_one_failure),
        cmocka_unit_test(a_batch_without_its_script_goes_out_again_once),
        cmocka_unit_test(one_of_a_batch_may_be_late),
        cmocka_unit_test(what_is_late_before_it_was_sent_never_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
