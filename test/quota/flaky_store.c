#include "test/quota/flaky_store.h"

static struct flaky_store *flaky_of(struct store *store)
{
    return container_of(store, struct flaky_store, store);
}

static enum store_when flaky_take(struct store *store, struct take *take,
                                  int64_t now_ns)
{
    struct flaky_store *flaky = flaky_of(store);

    store->stats.operations++;
    switch (flaky->state) {
    case FLAKY_UP:
        return store_take(flaky->inner, take, now_ns);
    case FLAKY_AWAY:
        take->status = TAKE_OUTAGE;
        return STORE_NOW;
    case FLAKY_LATE:
        flaky->now_ns = now_ns;
        list_append(&flaky->takes, &take->link);
        break;
    }
    return STORE_LATER;
}

static enum store_when flaky_release(struct store *store,
                                     struct release *release, int64_t now_ns)
{
    struct flaky_store *flaky = flaky_of(store);

    store->stats.operations++;
    switch (flaky->state) {
    case FLAKY_UP:
        return store_release(flaky->inner, release, now_ns);
    case FLAKY_AWAY:
        release->released = -1;
        return STORE_NOW;
    case FLAKY_LATE:
        flaky->now_ns = now_ns;
        list_append(&flaky->releases, &release->link);
        break;
    }
    return STORE_LATER;
}

static struct quota_id flaky_hash(struct store *store, struct str bytes)
{
    return store_hash(flaky_of(store)->inner, bytes);
}

static const struct store_ops ops = {
    .take = flaky_take,
    .release = flaky_release,
    .hash = flaky_hash,
};

void flaky_init(struct flaky_store *flaky, struct store *inner)
{
    *flaky = (struct flaky_store){
        .store = { .ops = &ops, .is_up = true },
        .inner = inner,
    };
    list_init(&flaky->takes);
    list_init(&flaky->releases);
}

void flaky_set(struct flaky_store *flaky, enum flaky_state state)
{
    flaky->state = state;
    flaky->store.is_up = state != FLAKY_AWAY;
}

/* Those that wait now, not those that are asked for meanwhile. */
static void move_all(struct list *from, struct list *to)
{
    list_init(to);
    while (!list_is_empty(from)) {
        struct list *link = from->next;

        list_remove(link);
        list_append(to, link);
    }
}

static void answer_take(struct flaky_store *flaky, struct take *take,
                        bool is_outage)
{
    if (is_outage)
        take->status = TAKE_OUTAGE;
    else
        store_take(flaky->inner, take, flaky->now_ns);
    take->done(take);
}

static void answer_release(struct flaky_store *flaky, struct release *release,
                           bool is_outage)
{
    if (is_outage)
        release->released = -1;
    else
        store_release(flaky->inner, release, flaky->now_ns);
    release->done(release);
}

void flaky_answer(struct flaky_store *flaky, bool is_outage)
{
    struct list takes, releases;

    move_all(&flaky->takes, &takes);
    move_all(&flaky->releases, &releases);
    while (!list_is_empty(&takes)) {
        struct take *take = container_of(takes.next, struct take, link);

        list_remove(&take->link);
        answer_take(flaky, take, is_outage);
    }
    while (!list_is_empty(&releases)) {
        struct release *release =
            container_of(releases.next, struct release, link);

        list_remove(&release->link);
        answer_release(flaky, release, is_outage);
    }
}
