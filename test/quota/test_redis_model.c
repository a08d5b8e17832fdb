/* The script inside a real Redis, with a clock that is set, compared with the
 * pure functions of quota/algo: windows of the calendar at many instants, and
 * random Checks in batches, each all or nothing. */
#include "test/quota/random.h"
#include "test/support/redis_server.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/admit.h"
#include "quota/algo/calendar.h"
#include "quota/algo/rate.h"
#include "quota/redis/reply.h"
#include "quota/redis/result.h"
#include "quota/redis/row.h"
#include "quota/redis/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* -- A Redis with a clock -- */

struct clocked {
    struct redis_server server;
    int fd;
    struct outbox outbox;
    struct reply_reader reader;
    char sha1[REPLY_TEXT_BYTES]; /* of the script with a clock */
    int64_t now_us;
};

/* Copies `text` with `what`, which is there once, replaced. */
static char *replace(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    size_t size = strlen(text) + strlen(by) + 1;
    char *copy = malloc(size);

    assert_non_null(at);
    assert_null(strstr(at + 1, what));
    assert_non_null(copy);
    snprintf(copy, size, "%.*s%s%s", (int)(at - text), text, by,
             at + strlen(what));
    return copy;
}

/* The clock is an argument, and keys live on when it does not move. */
static char *clocked_text(void)
{
    char *text = strndup(script_charge.text.data, script_charge.text.len);
    char *with_clock = replace(text, "call('TIME')", "{ ARGV[2], ARGV[3] }");
    char *with_both = replace(
        with_clock, "return ceil((instant - now) / 1000) + 1", "return 1e9");

    free(text);
    free(with_clock);
    return with_both;
}

static void send_all(struct clocked *redis)
{
    while (outbox_unsent(&redis->outbox).len > 0) {
        struct str unsent = outbox_unsent(&redis->outbox);
        ssize_t sent = send(redis->fd, unsent.data, unsent.len, MSG_NOSIGNAL);

        assert_true(sent > 0);
        outbox_sent(&redis->outbox, (size_t)sent);
    }
}

static const struct reply *exchange(struct clocked *redis)
{
    enum reply_result result;

    send_all(redis);
    while ((result = reply_next(&redis->reader)) == REPLY_NONE) {
        char bytes[16384];
        ssize_t len = recv(redis->fd, bytes, sizeof(bytes), 0);

        assert_true(len > 0);
        assert_true(reply_feed(&redis->reader, bytes, (size_t)len));
    }
    assert_int_equal(result, REPLY_READY);
    if (redis->reader.reply.kind == REPLY_ERROR)
        fail_msg("%s", redis->reader.reply.error);
    return &redis->reader.reply;
}

/* Loads the script, and learns its sum. */
static void load(struct clocked *redis)
{
    char *text = clocked_text();

    outbox_begin(&redis->outbox, 3);
    outbox_put(&redis->outbox, STR("SCRIPT"));
    outbox_put(&redis->outbox, STR("LOAD"));
    outbox_put(&redis->outbox, str_of(text));
    assert_true(outbox_end(&redis->outbox));
    exchange(redis);
    outbox_begin(&redis->outbox, 4);
    outbox_put(&redis->outbox, STR("EVAL"));
    outbox_put(&redis->outbox, STR("return { redis.sha1hex(ARGV[1]) }"));
    outbox_put_i64(&redis->outbox, 0);
    outbox_put(&redis->outbox, str_of(text));
    assert_true(outbox_end(&redis->outbox));
    memcpy(redis->sha1, exchange(redis)->texts[0], sizeof(redis->sha1));
    assert_int_equal(strlen(redis->sha1), script_charge.sha1.len);
    free(text);
}

static int setup(void **state)
{
    static struct clocked redis;
    struct sockaddr_un un = { .sun_family = AF_UNIX };

    redis_server_init(&redis.server);
    redis_server_start(&redis.server);
    redis.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", redis.server.path);
    assert_int_equal(connect(redis.fd, (struct sockaddr *)&un, sizeof(un)), 0);
    outbox_init(&redis.outbox);
    reply_reader_init(&redis.reader);
    load(&redis);
    *state = &redis;
    return 0;
}

static int teardown(void **state)
{
    struct clocked *redis = *state;

    reply_reader_fini(&redis->reader);
    outbox_fini(&redis->outbox);
    close(redis->fd);
    redis_server_fini(&redis->server);
    return 0;
}

/* Makes the takes, in one call, at redis->now_us. */
static void ask(struct clocked *redis, struct take *takes, uint32_t count)
{
    static struct row rows[SCRIPT_CHARGES_MAX];
    static char packed[SCRIPT_CHARGES_MAX * ROW_BYTES_MAX];
    const struct reply *reply;
    const int64_t *integers;
    uint32_t row_count = 0;
    size_t len = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t order[QUOTAS_PER_CHECK_MAX];

        row_order(&takes[i], order);
        for (uint32_t n = 0; n < takes[i].count; n++)
            rows[row_count++] = row_of_charge(&takes[i].charges[order[n]],
                                              takes[i].grants[0].lease_id);
        rows[row_count - 1].is_last = true;
    }
    outbox_begin(&redis->outbox, 6 + row_count);
    outbox_put(&redis->outbox, STR("EVALSHA"));
    outbox_put(&redis->outbox, str_of(redis->sha1));
    outbox_put_i64(&redis->outbox, row_count);
    for (uint32_t i = 0; i < row_count; i++) {
        row_put_keys(&rows[i], &redis->outbox, STR("test:"));
        len += row_pack(&rows[i], packed + len);
    }
    outbox_put(&redis->outbox, (struct str){ packed, len });
    outbox_put_i64(&redis->outbox, redis->now_us / 1000000);
    outbox_put_i64(&redis->outbox, redis->now_us % 1000000);
    assert_true(outbox_end(&redis->outbox));

    reply = exchange(redis);
    integers = reply->integers;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(result_read_take(integers, &takes[i]), RESULT_READ);
        integers += result_count_of_take(&takes[i]);
    }
    assert_ptr_equal(integers, reply->integers + reply->count);
}

/* -- The calendar -- */

/* A key that no other has. */
static struct quota_id new_key(void)
{
    static uint64_t count;
    struct quota_id key = { { 1 } };

    count++;
    memcpy(key.bytes + 8, &count, sizeof(count));
    return key;
}

static void check_ends(struct clocked *redis, int64_t now_us)
{
    struct limit limits[CALENDAR_YEAR];
    struct take take = { .count = CALENDAR_YEAR };

    for (uint32_t i = 0; i < CALENDAR_YEAR; i++) {
        limits[i] = (struct limit){ .algorithm = LIMIT_FIXED_WINDOW,
                                    .amount = 1,
                                    .period_ns = LIMIT_WINDOW_MAX_NS,
                                    .calendar = CALENDAR_SECOND + i };
        take.charges[i] = (struct charge){ .limit = &limits[i],
                                           .quota = STR("q"),
                                           .key = new_key(),
                                           .amount = 1 };
    }
    redis->now_us = now_us;
    ask(redis, &take, 1);
    for (uint32_t i = 0; i < CALENDAR_YEAR; i++) {
        int64_t now_ns = now_us * MICROSECOND;
        int64_t want = calendar_end_ns(limits[i].calendar, now_ns) - now_ns;

        if (take.grants[i].valid_for_ns != want)
            fail_msg("%s at %" PRId64 " us: %" PRId64 ", expected %" PRId64,
                     calendar_text(limits[i].calendar), now_us,
                     take.grants[i].valid_for_ns, want);
    }
}

static void windows_end_where_the_calendar_says(void **state)
{
    static const struct {
        int year, month, day;
    } dates[] = {
        { 1970, 1, 1 },  { 1999, 12, 31 }, { 2000, 1, 1 },   { 2000, 2, 28 },
        { 2000, 2, 29 }, { 2000, 3, 1 },   { 2023, 2, 28 },  { 2024, 2, 29 },
        { 2024, 3, 1 },  { 2024, 12, 31 }, { 2026, 4, 30 },  { 2026, 11, 30 },
        { 2027, 1, 3 },  { 2027, 1, 4 },   { 2099, 12, 31 }, { 2100, 2, 28 },
        { 2100, 3, 1 },  { 2200, 2, 28 },
    };
    struct random random = random_from(7);

    for (size_t i = 0; i < ROWS(dates); i++) {
        struct tm date = { .tm_year = dates[i].year - 1900,
                           .tm_mon = dates[i].month - 1,
                           .tm_mday = dates[i].day };
        int64_t start_us = (int64_t)timegm(&date) * 1000000;

        /* Its first and last microsecond, and the one before. */
        if (start_us > 0)
            check_ends(*state, start_us - 1);
        check_ends(*state, start_us);
        check_ends(*state, start_us + INT64_C(86400000000) - 1);
    }
    for (int i = 0; i < 3000; i++)
        check_ends(*state,
                   random_below(&random, INT64_C(250) * 365 * 86400000000));
}

/* -- Random Checks -- */

#define KEYS 3 /* of each algorithm */
#define KINDS 3
#define VARIANTS                                                               \
    2 /* of each limit: all but the length of a window may change */

static const struct limit limits[KINDS][VARIANTS] = {
    { { .algorithm = LIMIT_TOKEN_BUCKET,
        .amount = 7,
        .period_ns = 3 * SECOND,
        .burst = 10 },
      { .algorithm = LIMIT_TOKEN_BUCKET,
        .amount = 1,
        .period_ns = 3 * SECOND,
        .burst = 4 } },
    { { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 10,
        .period_ns = 4 * SECOND },
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = 5,
        .period_ns = 4 * SECOND } },
    { { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = 12,
        .period_ns = 5 * SECOND,
        .bucket_ns = 700 * MILLISECOND },
      { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = 6,
        .period_ns = 5 * SECOND,
        .bucket_ns = 50 * MILLISECOND } },
};

/* What is in use, as the last one that changed it left it. */
static union rate kept[KINDS][KEYS];

/* One Check at the model: the states that its charges saw. */
struct checked {
    union rate rates[KINDS][KEYS];
    bool is_seen[KINDS][KEYS], is_changed[KINDS][KEYS];
};

static uint32_t kind_of(const struct charge *charge)
{
    return charge->key.bytes[0];
}

static uint32_t key_of(const struct charge *charge)
{
    return charge->key.bytes[1];
}

static union rate *see(struct checked *checked, const struct charge *charge,
                       int64_t now_ns)
{
    uint32_t kind = kind_of(charge), key = key_of(charge);
    union rate *rate = &checked->rates[kind][key];

    if (!checked->is_seen[kind][key]) {
        *rate = kept[kind][key];
        rate_pass(rate, charge->limit, now_ns);
        checked->is_seen[kind][key] = true;
    }
    return rate;
}

static void change(struct checked *checked, const struct charge *charge)
{
    checked->is_changed[kind_of(charge)][key_of(charge)] = true;
}

/* What the takes get. Returns whether one refuses. */
static bool take_all(struct checked *checked, struct take *take, int64_t now_ns)
{
    bool is_refused = false;

    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct quota_grant *grant = &take->grants[i];
        union rate *rate = see(checked, charge, now_ns);
        struct admission admission = { 0 };

        if (charge->amount > 0)
            admission = admit(rate_left(rate, charge->limit), charge->amount,
                              charge->is_best_effort, charge->is_shadow);
        if (admission.granted > 0) {
            rate_take(rate, charge->limit, now_ns, admission.granted);
            change(checked, charge);
        }
        grant->granted = admission.granted;
        grant->is_refused = admission.is_refused;
        is_refused |= admission.is_refused && !charge->is_shadow;
    }
    return is_refused;
}

static void give_back_all(struct checked *checked, struct take *take,
                          int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];

        if (charge->amount >= 0)
            continue;
        take->grants[i].granted = rate_give_back(
            see(checked, charge, now_ns), charge->limit, -charge->amount);
        if (take->grants[i].granted > 0)
            change(checked, charge);
    }
}

static void keep(const struct checked *checked)
{
    for (uint32_t kind = 0; kind < KINDS; kind++)
        for (uint32_t key = 0; key < KEYS; key++)
            if (checked->is_changed[kind][key])
                kept[kind][key] = checked->rates[kind][key];
}

/* Fills the rest of the grants, as all is after the Check. */
static void tell(struct checked *checked, struct take *take, int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct quota_grant *grant = &take->grants[i];
        const union rate *rate = see(checked, charge, now_ns);
        int64_t taken = charge->amount > 0 ? grant->granted : 0;

        grant->remaining = rate_left(rate, charge->limit);
        grant->full_after_ns = rate_full_after_ns(rate, charge->limit, now_ns);
        grant->valid_for_ns = rate_valid_ns(rate, charge->limit, now_ns, taken);
        if (grant->is_refused)
            grant->retry_after_ns =
                rate_wait_ns(rate, charge->limit, now_ns,
                             charge->is_best_effort ? 1 : charge->amount);
    }
}

/* Makes the take as the script should, and fills its answer. */
static void model(struct take *take, int64_t now_ns)
{
    static struct checked checked;

    memset(&checked, 0, sizeof(checked));
    memset(take->grants, 0, sizeof(take->grants));
    take->status = TAKE_GRANTED;
    if (take_all(&checked, take, now_ns)) {
        take->status = TAKE_REFUSED;
        memset(&checked, 0, sizeof(checked));
        for (uint32_t i = 0; i < take->count; i++)
            take->grants[i].granted = 0;
    } else {
        give_back_all(&checked, take, now_ns);
        keep(&checked);
    }
    tell(&checked, take, now_ns);
}

/* What a run is made of. */
struct plan {
    int batch_count;
    uint8_t first_kind;
    int64_t step_min_us, step_max_us; /* from one batch to the next */
};

static void make_charge(struct random *random, const struct plan *plan,
                        uint32_t variant, struct charge *charge)
{
    uint8_t kind = (uint8_t)(plan->first_kind +
                             random_below(random, KINDS - plan->first_kind));
    uint8_t key = (uint8_t)random_below(random, KEYS);
    int64_t mode = random_below(random, 6);

    *charge = (struct charge){
        .limit = &limits[kind][variant],
        .quota = STR("q"),
        .key = { { kind, key } },
        .amount = random_below(random, 11) - 3,
        .is_best_effort = mode == 0,
        .is_shadow = mode == 1,
    };
}

static void describe(const struct charge *charge, uint32_t of, char *why,
                     size_t size)
{
    snprintf(why, size,
             "kind %u, key %u, amount %" PRId64 "%s%s, limit %" PRId64
             ", of %u",
             kind_of(charge), key_of(charge), charge->amount,
             charge->is_best_effort ? " some" : "",
             charge->is_shadow ? " shadow" : "", charge->limit->amount, of);
}

static void compare(const struct take *got, const struct take *want)
{
    assert_int_equal(got->status, want->status);
    for (uint32_t i = 0; i < got->count; i++) {
        const struct quota_grant *a = &got->grants[i], *b = &want->grants[i];
        char why[160];

        describe(&got->charges[i], got->count, why, sizeof(why));
        row_equal_i64(why, a->granted, b->granted);
        row_equal_i64(why, a->is_refused, b->is_refused);
        row_equal_i64(why, a->remaining, b->remaining);
        row_equal_i64(why, a->valid_for_ns, b->valid_for_ns);
        row_equal_i64(why, a->retry_after_ns, b->retry_after_ns);
        row_equal_i64(why, a->full_after_ns, b->full_after_ns);
    }
}

static void run_batches(struct clocked *redis, struct random *random,
                        const struct plan *plan)
{
    static struct take takes[SCRIPT_CHECKS_MAX], wants[SCRIPT_CHECKS_MAX];

    for (int batch = 0; batch < plan->batch_count; batch++) {
        uint32_t take_count =
            1 + (uint32_t)random_below(random, batch % 4 ? 3 : 20);
        /* Another configuration now and then. */
        uint32_t variant = random_below(random, 5) == 0;

        for (uint32_t i = 0; i < take_count; i++) {
            struct take *take = &takes[i];

            *take =
                (struct take){ .count = 1 + (uint32_t)random_below(random, 3) };
            for (uint32_t n = 0; n < take->count; n++)
                make_charge(random, plan, variant, &take->charges[n]);
            wants[i] = *take;
            model(&wants[i], redis->now_us * MICROSECOND);
        }
        ask(redis, takes, take_count);
        for (uint32_t i = 0; i < take_count; i++)
            compare(&takes[i], &wants[i]);
        redis->now_us +=
            plan->step_min_us +
            random_below(random, plan->step_max_us - plan->step_min_us);
    }
}

static void run_plan(struct clocked *redis, uint64_t seed,
                     const struct plan *plan)
{
    struct random random = random_from(seed);

    assert_string_equal(redis_server_ask(&redis->server, "FLUSHALL"), "+OK");
    for (uint32_t kind = 0; kind < KINDS; kind++)
        for (uint32_t key = 0; key < KEYS; key++)
            rate_init(&kept[kind][key], &limits[kind][0]);
    redis->now_us = INT64_C(1800000000123456);
    run_batches(redis, &random, plan);
}

static void the_script_does_what_the_algorithms_say(void **state)
{
    static const struct plan plan = { .batch_count = 10000,
                                      .step_max_us = 800000 };

    run_plan(*state, 11, &plan);
}

/* Buckets go on from there, for Redis keeps no other clock. */
static void so_it_does_to_windows_when_time_steps_back(void **state)
{
    static const struct plan plan = { .batch_count = 10000,
                                      .first_kind = 1,
                                      .step_min_us = -1500000,
                                      .step_max_us = 2000000 };

    run_plan(*state, 12, &plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_end_where_the_calendar_says),
        cmocka_unit_test(the_script_does_what_the_algorithms_say),
        cmocka_unit_test(so_it_does_to_windows_when_time_steps_back),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
