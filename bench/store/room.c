#include "bench/store/room.h"

#include "bench/store/fill.h"
#include "bench/store/use.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <unistd.h>

/* The default of `store.size`. */
#define STORE_BYTES (UINT64_C(64) << 20)

static bool make_in_memory(const struct subject *subject, struct store *store,
                           const struct keys *keys, bool is_one_key)
{
    int64_t now_ns = clock_boot_ns();

    if (subject->is_filled)
        return fill_memory(subject, store, keys, now_ns) >= 0;
    return use_keys(subject, store, keys, is_one_key, now_ns);
}

double room_in_memory(const struct subject *subject, const struct keys *keys,
                      bool is_one_key)
{
    int fd = local_create(STORE_BYTES);
    struct store *store = fd < 0 ? NULL : local_open(fd);
    struct local_usage before, after;
    double bytes = -1;

    if (store) {
        local_usage(store, &before);
        if (make_in_memory(subject, store, keys, is_one_key) &&
            store->stats.evictions == 0) {
            local_usage(store, &after);
            bytes = (double)(before.free_cells - after.free_cells) *
                    (double)after.size_bytes / (double)after.cells /
                    keys->count;
        }
        store_free(store);
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

const char *room_in_redis(const struct subject *subject, const char *server,
                          const struct keys *keys, bool is_one_key)
{
    struct store *store;
    bool is_granted;

    if (subject->is_filled)
        return fill_redis(subject, server, keys);
    store = use_open_redis(server, false);
    is_granted = use_keys(subject, store, keys, is_one_key, clock_boot_ns());
    store_free(store);
    return is_granted ? NULL : "not all was granted";
}
