#include "bench/store/use.h"

#include "bench/store/wait.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <stdlib.h>

/* Takes that go out together. */
#define TOGETHER 256

/* -- Opening -- */

static void ignore_up(void *context, const char *server)
{
    (void)context;
    (void)server;
}

static void ignore_down(void *context, const char *server, const char *detail)
{
    (void)context;
    (void)server;
    (void)detail;
}

struct store *use_open_redis(const char *server, bool is_cluster)
{
    const struct str address = str_of(server);
    const struct redis_cluster cluster = { &address, 1 };
    const struct redis_settings settings = {
        .server = address,
        .cluster = is_cluster ? &cluster : NULL,
        .key_prefix = STR(USE_PREFIX),
        .deadline_ns = USE_WITHIN_NS,
    };
    const struct redis_events events = { ignore_up, ignore_down, NULL };

    return redis_store_new(&settings, &events);
}

/* -- Taking -- */

struct charge use_charge(const struct subject *subject, struct store *store,
                         struct str key)
{
    return (struct charge){ .limit = &subject->limit,
                            .quota = STR(USE_QUOTA),
                            .key = store_hash(store, key),
                            .text = key,
                            .amount = 1 };
}

static void turn(struct store *store)
{
    struct store_wait wait;

    store_wait(store, &wait);
    wait_for_store(&wait, SECOND);
    store_step(store, &wait, clock_boot_ns());
}

/* A memory store has no need to be waited for. */
static void wait_until_up(struct store *store)
{
    int64_t until_ns = clock_boot_ns() + USE_WITHIN_NS;

    while (!store->is_up && clock_boot_ns() < until_ns)
        turn(store);
}

/* From then on it is answered. */
static void mark(struct take *take)
{
    take->done = NULL;
}

bool use_take(struct store *store, struct take *takes, uint32_t count,
              int64_t now_ns)
{
    bool is_granted = true;

    wait_until_up(store);
    for (uint32_t i = 0; i < count; i++) {
        takes[i].done = mark;
        takes[i].deadline_ns = now_ns + USE_WITHIN_NS;
        if (store_take(store, &takes[i], now_ns) == STORE_NOW)
            mark(&takes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        while (takes[i].done)
            turn(store);
        is_granted = is_granted && takes[i].status == TAKE_GRANTED;
    }
    return is_granted;
}

bool use_keys(const struct subject *subject, struct store *store,
              const struct keys *keys, bool is_one_key, int64_t now_ns)
{
    struct take *takes = calloc(TOGETHER, sizeof(*takes));
    bool is_granted = true;

    if (!takes)
        abort();
    for (uint32_t n = 0; is_granted && n < keys->count;) {
        uint32_t count = 0;

        for (; count < TOGETHER && n < keys->count; count++, n++) {
            struct charge *charge = &takes[count].charges[0];

            takes[count].count = 1;
            *charge =
                use_charge(subject, store, keys_at(keys, is_one_key ? 0 : n));
            charge->has_id = subject->has_id;
            charge->id = store_hash(store, keys_at(keys, n));
        }
        is_granted = use_take(store, takes, count, now_ns);
    }
    free(takes);
    return is_granted;
}
