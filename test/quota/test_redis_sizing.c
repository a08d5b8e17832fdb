/* What a key, a lease and a record cost in Redis; the figures are in
 * docs/quotas.md. */
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>

/* Of keys, or leases: Redis' tables, which double, are then three quarters
 * full. */
#define COUNT 6000

static struct redis_server server;
static uint32_t answered;

static void on_up(void *context, const char *of)
{
    (void)context;
    (void)of;
}

static void on_down(void *context, const char *of, const char *detail)
{
    (void)context;
    print_error("%s: %s\n", of, detail);
}

static struct store *open_store(void)
{
    const struct redis_settings settings = {
        .server = str_of(server.address),
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .deadline_ns = 10 * SECOND,
    };
    const struct redis_events events = { .up = on_up, .down = on_down };
    struct store *store = redis_store_new(&settings, &events);

    store_loop_until_up(store, true);
    return store;
}

static int64_t memory_bytes(void)
{
    const char *answer = redis_server_ask(
        &server, "EVAL \"return tonumber(string.match(redis.call('INFO', "
                 "'memory'), 'used_memory:(%d+)'))\" 0");

    assert_int_equal(answer[0], ':');
    return strtoll(answer + 1, NULL, 10);
}

static void on_done(struct take *take)
{
    assert_int_equal(take->status, TAKE_GRANTED);
    answered++;
}

static void wait_for(struct store *store, uint32_t asked, uint32_t open)
{
    while (asked - answered > open)
        store_loop_turn(store, clock_boot_ns() + SECOND);
}

static void take_one(struct store *store, struct take *take,
                     const struct limit *limit, uint32_t key)
{
    *take = (struct take){ .count = 1,
                           .deadline_ns = clock_boot_ns() + 10 * SECOND,
                           .done = on_done };
    take->charges[0] = (struct charge){
        .limit = limit,
        .quota = STR("per-user"),
        .key =
            store_hash(store, (struct str){ (const char *)&key, sizeof(key) }),
        .amount = 1,
        .has_id = limit->dedup_ns > 0,
        .id = store_hash(
            store, (struct str){ (const char *)&answered, sizeof(answered) }),
    };
    assert_int_equal(store_take(store, take, clock_boot_ns()), STORE_LATER);
}

/* One unit of each of COUNT / uses keys, so often; or of one key. */
static void take_all(struct store *store, const struct limit *limit,
                     uint32_t uses, bool is_one_key)
{
    struct take *takes = calloc(COUNT, sizeof(*takes));
    uint32_t keys = COUNT / uses;

    assert_non_null(takes);
    answered = 0;
    for (uint32_t i = 0; i < keys * uses; i++) {
        if (i > 0 && i % keys == 0)
            store_loop_run(store, clock_boot_ns() + limit->bucket_ns);
        take_one(store, &takes[i], limit, is_one_key ? 0 : i % keys);
        wait_for(store, i + 1, 500);
    }
    wait_for(store, keys * uses, 0);
    free(takes);
}

/* Bytes of each key, or lease. Without connections, whose buffers come and
 * go. */
static int64_t measure(const struct limit *limit, uint32_t uses,
                       bool is_one_key)
{
    struct store *store;
    int64_t before;

    assert_string_equal(redis_server_ask(&server, "FLUSHALL SYNC"), "+OK");
    before = memory_bytes();
    store = open_store();
    take_all(store, limit, uses, is_one_key);
    store_free(store);
    return (memory_bytes() - before) / (COUNT / uses);
}

static void all_cost_what_is_promised(void **state)
{
#define BUCKET                                                                 \
    .algorithm = LIMIT_TOKEN_BUCKET, .amount = 1, .period_ns = HOUR, .burst = 10
#define SLOTS                                                                  \
    .algorithm = LIMIT_CONCURRENCY, .amount = LIMIT_AMOUNT_MAX, .lease_ns = HOUR
    static const struct {
        const char *why;
        struct limit limit;
        uint32_t uses; /* of each key; where it has buckets, one each */
        bool is_one_key;
        int64_t most_bytes;
    } rows[] = {
        { "a token bucket", { BUCKET }, 1, false, 220 },
        { "a fixed window",
          { .algorithm = LIMIT_FIXED_WINDOW, .amount = 10, .period_ns = HOUR },
          1,
          false,
          220 },
        { "a rolling window of one bucket",
          { .algorithm = LIMIT_ROLLING_WINDOW,
            .amount = 10,
            .period_ns = HOUR,
            .bucket_ns = HOUR / 20 },
          1,
          false,
          220 },
        { "of twenty buckets",
          { .algorithm = LIMIT_ROLLING_WINDOW,
            .amount = 100,
            .period_ns = 15 * SECOND,
            .bucket_ns = 150 * MILLISECOND },
          20,
          false,
          420 },
        { "a key with a lease", { SLOTS }, 1, false, 260 },
        { "a key with ten", { SLOTS }, 10, false, 600 },
        { "one of many leases", { SLOTS }, 1, true, 145 },
        { "a token bucket and a record",
          { BUCKET, .dedup_ns = HOUR },
          1,
          false,
          420 },
    };
#undef BUCKET
#undef SLOTS

    (void)state;
    /* Scripts are loaded, and what they needed to be compiled is there. */
    measure(&rows[0].limit, 1, false);
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t bytes =
            measure(&rows[i].limit, rows[i].uses, rows[i].is_one_key);

        print_message("%s: %" PRId64 " bytes\n", rows[i].why, bytes);
        row_true(rows[i].why, bytes <= rows[i].most_bytes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cost_what_is_promised),
    };
    int failed;

    redis_server_init(&server);
    redis_server_start(&server);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_fini(&server);
    return failed;
}
