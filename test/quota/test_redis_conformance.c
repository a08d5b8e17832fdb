#include "test/quota/conformance.h"
#include "test/support/redis_server.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <time.h>

/* A record may live for up to a millisecond longer: Redis counts in those. */
#define GRANULARITY_NS (2 * MILLISECOND)
/* What may pass between two steps of a case on a busy machine. */
#define SLACK_NS (100 * MILLISECOND)

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

static struct store *open_store(void *context)
{
    struct redis_server *server = context;
    const struct redis_settings settings = {
        .server = str_of(server->address),
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        /* No case is about a slow store. */
        .deadline_ns = 2 * SECOND,
    };
    const struct redis_events events = { .up = on_up, .down = on_down };
    struct store *store = redis_store_new(&settings, &events);

    assert_string_equal(redis_server_ask(server, "FLUSHALL"), "+OK");
    store_loop_until_up(store, true);
    return store;
}

static int64_t now(void *context)
{
    (void)context;
    return clock_boot_ns();
}

static void advance(void *context, int64_t ns)
{
    struct timespec pause;

    (void)context;
    ns += GRANULARITY_NS;
    pause = (struct timespec){ .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };
    nanosleep(&pause, NULL);
}

int main(void)
{
    struct redis_server server;
    const struct fixture fixture = {
        .open = open_store,
        .now = now,
        .advance = advance,
        .context = &server,
        .granularity_ns = GRANULARITY_NS,
        .slack_ns = SLACK_NS,
    };
    int failed;

    redis_server_init(&server);
    redis_server_start(&server);
    failed = conformance_run("redis", &fixture);
    redis_server_fini(&server);
    return failed;
}
