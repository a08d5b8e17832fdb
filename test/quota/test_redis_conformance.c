/* The suite over one server, and over a cluster of them. */
#include "test/quota/conformance.h"
#include "test/support/redis_cluster.h"
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

/* With what all have in common. */
static struct store *open_settings(struct redis_settings settings)
{
    const struct redis_events events = { .up = on_up, .down = on_down };

    settings.credentials =
        (struct redis_credentials){ STR_INIT(REDIS_SERVER_USER),
                                    STR_INIT(REDIS_SERVER_PASSWORD) };
    settings.key_prefix = STR(REDIS_SERVER_PREFIX);
    /* No case is about a slow store. */
    settings.deadline_ns = 2 * SECOND;
    return redis_store_new(&settings, &events);
}

static struct store *open_server(void *context)
{
    struct redis_server *server = context;
    struct store *store = open_settings(
        (struct redis_settings){ .server = str_of(server->address) });

    assert_string_equal(redis_server_ask(server, "FLUSHALL"), "+OK");
    store_loop_until_up(store, true);
    return store;
}

static struct store *open_cluster(void *context)
{
    struct redis_cluster_servers *cluster = context;
    const struct str servers[] = { str_of(cluster->addresses[0]) };
    const struct redis_cluster nodes = { servers, 1 };
    struct store *store =
        open_settings((struct redis_settings){ .cluster = &nodes });

    redis_cluster_flush(cluster);
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

static int run(const char *name, struct store *(*open)(void *context),
               void *context)
{
    const struct fixture fixture = {
        .open = open,
        .now = now,
        .advance = advance,
        .context = context,
        .granularity_ns = GRANULARITY_NS,
        .slack_ns = SLACK_NS,
    };

    return conformance_run(name, &fixture);
}

int main(void)
{
    static struct redis_cluster_servers cluster;
    struct redis_server server;
    int failed;

    redis_server_init(&server);
    redis_server_start(&server);
    failed = run("redis", open_server, &server);
    redis_server_fini(&server);

    redis_cluster_init(&cluster);
    failed += run("redis cluster", open_cluster, &cluster);
    redis_cluster_fini(&cluster);
    return failed;
}
