#include "bench/store/subject.h"

#include "policy/base/clock.h"

#include <string.h>

/* Limits that are never reached, of keys that stay in use: no run is as long
 * as a window, or as a bucket of one, and no bucket of tokens is full again. */
#define PLENTY 1000000
#define WINDOW HOUR

/* Floors: a counter that ends with its window, and a token bucket; the latter
 * by keys one by one, and for all that are given. Both with Redis' own clock
 * where they need one. ARGV: in us, what one costs and what may be owed. */
static const char counter_script[] =
    "local used = redis.call('INCRBY', KEYS[1], ARGV[1]) "
    "if used == tonumber(ARGV[1]) then "
    "redis.call('PEXPIRE', KEYS[1], ARGV[2]) end "
    "return used";

static const char gcra_script[] =
    "local clock = redis.call('TIME') "
    "local now = clock[1] * 1000000 + clock[2] "
    "local at = tonumber(redis.call('GET', KEYS[1]) or now) "
    "if at < now then at = now end "
    "at = at + ARGV[1] "
    "if at - now > tonumber(ARGV[2]) then return -1 end "
    "redis.call('SET', KEYS[1], at, 'PX', math.ceil((at - now) / 1000)) "
    "return at - now";

static const char gcra_of_many_script[] =
    "local clock = redis.call('TIME') "
    "local now = clock[1] * 1000000 + clock[2] "
    "local cost, most, reply = tonumber(ARGV[1]), tonumber(ARGV[2]), {} "
    "for i = 1, #KEYS do "
    "local at = tonumber(redis.call('GET', KEYS[i]) or now) "
    "if at < now then at = now end "
    "at = at + cost "
    "if at - now > most then reply[i] = -1 else "
    "redis.call('SET', KEYS[i], at, 'PX', math.ceil((at - now) / 1000)) "
    "reply[i] = at - now end end "
    "return reply";

#define GCRA_ARGUMENTS                                                         \
    {                                                                          \
        "3600000", "3600000000000"                                             \
    }

static const struct subject subjects[] = {
    { .name = "token_bucket",
      .limit = { .algorithm = LIMIT_TOKEN_BUCKET,
                 .amount = 1000,
                 .period_ns = WINDOW,
                 .burst = PLENTY } },
    { .name = "token_bucket_id",
      .has_id = true,
      .limit = { .algorithm = LIMIT_TOKEN_BUCKET,
                 .amount = 1000,
                 .period_ns = WINDOW,
                 .burst = PLENTY,
                 .dedup_ns = SECOND } },
    { .name = "fixed_window",
      .limit = { .algorithm = LIMIT_FIXED_WINDOW,
                 .amount = PLENTY,
                 .period_ns = WINDOW } },
    { .name = "rolling_window",
      .is_filled = true,
      .limit = { .algorithm = LIMIT_ROLLING_WINDOW,
                 .amount = PLENTY,
                 .period_ns = WINDOW,
                 .bucket_ns = WINDOW / SUBJECT_BUCKETS } },
    { .name = "concurrency",
      .limit = { .algorithm = LIMIT_CONCURRENCY,
                 .amount = PLENTY,
                 .lease_ns = WINDOW } },
    /* These two for the room that they take. */
    { .name = "rolling_window_1",
      .limit = { .algorithm = LIMIT_ROLLING_WINDOW,
                 .amount = PLENTY,
                 .period_ns = WINDOW,
                 .bucket_ns = WINDOW / SUBJECT_BUCKETS } },
    { .name = "record",
      .has_id = true,
      .limit = { .algorithm = LIMIT_TOKEN_BUCKET,
                 .amount = 1000,
                 .period_ns = WINDOW,
                 .burst = PLENTY,
                 .dedup_ns = WINDOW } },
    { .name = "get",
      .is_floor = true,
      .floor = { .command = "GET", .keys_per_command = 1 } },
    { .name = "incrby",
      .is_floor = true,
      .floor = { .command = "INCRBY",
                 .keys_per_command = 1,
                 .arguments = { "1" } } },
    { .name = "counter_script",
      .is_floor = true,
      .floor = { .script = counter_script,
                 .keys_per_command = 1,
                 .arguments = { "1", "3600000" } } },
    { .name = "gcra_script",
      .is_floor = true,
      .floor = { .script = gcra_script,
                 .keys_per_command = 1,
                 .arguments = GCRA_ARGUMENTS } },
    { .name = "gcra_script_32",
      .is_floor = true,
      .floor = { .script = gcra_of_many_script,
                 .keys_per_command = 32,
                 .arguments = GCRA_ARGUMENTS } },
};

const struct subject *subject_at(uint32_t n)
{
    return n < sizeof(subjects) / sizeof(subjects[0]) ? &subjects[n] : NULL;
}

const struct subject *subject_find(const char *name)
{
    const struct subject *subject;

    for (uint32_t n = 0; (subject = subject_at(n)); n++)
        if (strcmp(subject->name, name) == 0)
            break;
    return subject;
}
