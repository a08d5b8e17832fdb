#include "test/quota/conformance.h"
#include "test/support/redis_cluster.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <time.h>

/* As over one server. */
#define GRANULARITY_NS (2 * MILLISECOND)
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
    struct redis_cluster_servers *cluster = context;
    const struct str servers[] = { str_of(cluster->addresses[0]) };
    const struct redis_cluster nodes = { servers, 1 };
    const struct redis_settings settings = {
        .cluster = &nodes,
        .credentials = { STR_INIT(REDIS_SERVER_USER),
                         STR_INIT(REDIS_SERVER_PASSWORD) },
        .key_prefix = STR(REDIS_SERVER_PREFIX),
        .deadline_ns = 2 * SECOND,
    };
    const struct redis_events events = { .up = on_up, .down = on_down };
    struct store *store = redis_store_new(&settings, &events);

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

int main(void)
{
    static struct redis_cluster_servers cluster;
    const struct fixture fixture = {
        .open = open_store,
        .now = now,
        .advance = advance,
        .context = &cluster,
        .granularity_ns = GRANULARITY_NS,
        .slack_ns = SLACK_NS,
    };
    int failed;

    redis_cluster_init(&cluster);
    failed = conformance_run("redis cluster", &fixture);
    redis_cluster_fini(&cluster);
    return failed;
}
