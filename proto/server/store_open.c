#include "proto/server/store_open.h"

#include "quota/local/local.h"

struct store *store_open(const struct store_settings *settings, int fd,
                         const struct redis_events *events)
{
    struct redis_settings redis = {
        .key_prefix = settings->key_prefix,
        .database = settings->database,
        .deadline_ns = settings->deadline_ns,
    };

    switch (settings->kind) {
    case STORE_MEMORY:
        return local_open(fd);
    case STORE_REDIS:
        redis.server = settings->servers.items[0];
        return redis_store_new(&redis, events);
    }
    return NULL;
}
