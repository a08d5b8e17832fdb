#include "test/proto/late_store.h"

#include "test/support/table.h"

#include <string.h>

static enum store_when late_take(struct store *store, struct take *take,
                                 int64_t now_ns)
{
    struct late_store *late = container_of(store, struct late_store, store);

    (void)now_ns;
    store->stats.operations++;
    list_append(&late->pending, &take->link);
    atomic_fetch_add(&late->takes, 1);
    return STORE_LATER;
}

static enum store_when late_release(struct store *store,
                                    struct release *release, int64_t now_ns)
{
    struct late_store *late = container_of(store, struct late_store, store);

    (void)now_ns;
    release->released = release->count;
    atomic_fetch_add(&late->releases, release->count);
    return STORE_NOW;
}

static enum store_when late_holders(struct store *store,
                                    struct holders *holders, int64_t now_ns)
{
    (void)store;
    (void)now_ns;
    holders->is_outage = true;
    return STORE_NOW;
}

static struct quota_id late_hash(struct store *store, struct str bytes)
{
    struct quota_id id = { { 0 } };

    (void)store;
    memcpy(id.bytes, bytes.data, bytes.len < 16 ? bytes.len : 16);
    return id;
}

static void late_wait(struct store *store, struct store_wait *wait)
{
    struct late_store *late = container_of(store, struct late_store, store);

    wait->fd_count = 0;
    wait->deadline_ns = INT64_MAX;
    for (struct list *link = late->pending.next; link != &late->pending;
         link = link->next) {
        int64_t deadline_ns =
            container_of(link, struct take, link)->deadline_ns;

        if (wait->deadline_ns > deadline_ns)
            wait->deadline_ns = deadline_ns;
    }
}

static void grant_all(struct take *take)
{
    take->status = TAKE_GRANTED;
    for (uint32_t i = 0; i < take->count; i++)
        take->grants[i] = (struct quota_grant){
            .granted = take->charges[i].amount,
            .remaining = -1,
            .retry_after_ns = -1,
            .has_lease = true,
        };
}

static void late_step(struct store *store, const struct store_wait *ready,
                      int64_t now_ns)
{
    struct late_store *late = container_of(store, struct late_store, store);
    struct list *link = late->pending.next;

    (void)ready;
    while (link != &late->pending) {
        struct take *take = container_of(link, struct take, link);

        link = link->next;
        if (atomic_load(&late->answers))
            grant_all(take);
        else if (take->deadline_ns <= now_ns)
            take->status = TAKE_OUTAGE;
        else
            continue;
        list_remove(&take->link);
        take->done(take);
    }
}

static void late_free(struct store *store)
{
    struct late_store *late = container_of(store, struct late_store, store);

    assert_true(list_is_empty(&late->pending));
}

static const struct store_ops late_ops = {
    .take = late_take,
    .release = late_release,
    .holders = late_holders,
    .hash = late_hash,
    .wait = late_wait,
    .step = late_step,
    .free = late_free,
};

void late_store_init(struct late_store *late)
{
    *late = (struct late_store){ .store = { .ops = &late_ops } };
    list_init(&late->pending);
}
