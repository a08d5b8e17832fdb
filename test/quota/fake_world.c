#include "test/quota/fake_world.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <stdio.h>

static void on_up(void *context, const char *server)
{
    struct world *world = context;

    (void)server;
    world->up_count++;
}

static void on_down(void *context, const char *server, const char *detail)
{
    struct world *world = context;

    (void)server;
    world->down_count++;
    snprintf(world->fault, sizeof(world->fault), "%s", detail);
}

void world_init(struct world *world)
{
    *world = (struct world){ .settings = { .key_prefix = STR("test:"),
                                           .deadline_ns = WORLD_DEADLINE_NS } };
    fake_redis_init(&world->redis);
    world->settings.server = str_of(world->redis.address);
}

void world_fini(struct world *world)
{
    fake_redis_fini(&world->redis);
}

struct store *world_open(struct world *world)
{
    const struct redis_events events = { on_up, on_down, world };

    return redis_store_new(&world->settings, &events);
}

void world_run(struct world *world, struct store *store, int64_t ns)
{
    struct fake_redis *const fakes[] = { &world->redis };

    fake_redis_run(store, fakes, 1, ns);
}

void world_run_until_up(struct world *world, struct store *store)
{
    for (int turns = 0; !store->is_up; turns++) {
        assert_true(turns < 5000);
        world_run(world, store, MILLISECOND);
    }
}
