#include "proto/server/shared/store_open.h"

#include "quota/local/local.h"

static struct store *open_redis(const struct store_settings *settings,
                                const struct redis_events *events)
{
    const struct sentinel_settings *sentinel = settings->sentinel;
    const struct redis_cluster cluster = {
        .servers = settings->servers.items,
        .count = settings->servers.count,
    };
    struct redis_sentinels sentinels;
    struct redis_settings redis = {
        .server = settings->servers.items[0],
        .credentials = settings->credentials,
        .key_prefix = settings->key_prefix,
        .database = settings->database,
        .deadline_ns = settings->deadline_ns,
    };

    if (settings->is_cluster)
        redis.cluster = &cluster;
    if (sentinel) {
        sentinels = (struct redis_sentinels){
            .servers = settings->servers.items,
            .count = settings->servers.count,
            .master = sentinel->master,
            .credentials = sentinel->credentials,
        };
        redis.sentinels = &sentinels;
    }
    return redis_store_new(&redis, events);
}

struct store *store_open(const struct store_settings *settings, int fd,
                         const struct redis_events *events)
{
    switch (settings->kind) {
    case STORE_MEMORY:
        return local_open(fd);
    case STORE_REDIS:
        return open_redis(settings, events);
    }
    return NULL;
}

void store_open_renew(struct store *store,
                      const struct store_settings *settings)
{
    const struct sentinel_settings *sentinel = settings->sentinel;

    if (settings->kind == STORE_REDIS)
        redis_store_set_credentials(store, &settings->credentials,
                                    sentinel ? &sentinel->credentials : NULL);
}
