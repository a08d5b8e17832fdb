#include "bench/store/client.h"
#include "bench/store/use.h"
#include "bench/store/wait.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two looks at the clock, where all is answered at once. */
#define OPERATIONS_PER_TURN 64

/* One operation in flight. */
struct slot {
    struct store_client *client;
    struct take take;
    struct release release;
};

struct store_client {
    struct client client;
    const struct subject *subject;
    struct store *store;
    const struct keys *keys;
    uint64_t random;
    uint64_t pid;      /* ours, as no other process has the same */
    uint64_t id_count; /* deduplication ids that were used */
    int64_t now_ns;    /* of this turn, in the store's time */
    int64_t ahead_ns;
    struct slot *slots;
    uint32_t depth;
    bool is_started;
};

static struct store_client *of_client(struct client *client)
{
    return container_of(client, struct store_client, client);
}

static void turn_now(struct client *of, int64_t now_ns);

static void fail(struct store_client *client, const char *why)
{
    if (!client->client.fault)
        client->client.fault = why;
}

/* -- One operation -- */

/* No other process makes the same. */
static struct quota_id next_id(struct store_client *client)
{
    const uint64_t words[] = { client->pid, ++client->id_count };

    return store_hash(client->store,
                      (struct str){ (const char *)words, sizeof(words) });
}

static bool is_granted(struct store_client *client, const struct take *take)
{
    if (take->status == TAKE_GRANTED)
        return true;
    if (take->status == TAKE_REFUSED)
        fail(client, "a refusal");
    else if (client->client.turn == turn_now)
        client->client.outage_count++;
    else
        fail(client, "an outage");
    return false;
}

static enum store_when start_release(struct slot *slot)
{
    struct store_client *client = slot->client;
    const struct charge *charge = &slot->take.charges[0];
    struct release *release = &slot->release;

    release->count = 1;
    release->leases[0] =
        (struct lease_name){ .quota = charge->quota, .key = charge->key };
    memcpy(release->leases[0].id.bytes, slot->take.grants[0].lease_id,
           sizeof(release->leases[0].id.bytes));
    release->deadline_ns = client->now_ns + USE_WITHIN_NS;
    return store_release(client->store, release, client->now_ns);
}

static void finish_release(struct slot *slot)
{
    struct store_client *client = slot->client;

    if (slot->release.released < 0 && client->client.turn == turn_now)
        client->client.outage_count++;
    else if (slot->release.released != 1)
        fail(client, "a lease was lost");
    else
        client->client.done_count++;
}

/* The take is answered; whether more is to come. */
static enum store_when finish_take(struct slot *slot)
{
    struct store_client *client = slot->client;

    if (!is_granted(client, &slot->take))
        return STORE_NOW;
    if (client->subject->limit.algorithm != LIMIT_CONCURRENCY) {
        client->client.done_count++;
        return STORE_NOW;
    }
    if (start_release(slot) == STORE_LATER)
        return STORE_LATER;
    finish_release(slot);
    return STORE_NOW;
}

/* STORE_NOW: it is over. */
static enum store_when start(struct slot *slot, struct str key)
{
    struct store_client *client = slot->client;
    struct take *take = &slot->take;

    take->count = 1;
    take->charges[0] = use_charge(client->subject, client->store, key);
    take->charges[0].has_id = client->subject->has_id;
    if (client->subject->has_id)
        take->charges[0].id = next_id(client);
    take->deadline_ns = client->now_ns + USE_WITHIN_NS;
    if (store_take(client->store, take, client->now_ns) == STORE_LATER)
        return STORE_LATER;
    return finish_take(slot);
}

/* -- The loop -- */

/* Each goes out with the step that it is started in. */
static void start_next(struct slot *slot)
{
    struct store_client *client = slot->client;

    if (!client->client.fault)
        start(slot, keys_any(client->keys, &client->random));
}

static void on_release(struct release *release)
{
    struct slot *slot = container_of(release, struct slot, release);

    finish_release(slot);
    start_next(slot);
}

static void on_take(struct take *take)
{
    struct slot *slot = container_of(take, struct slot, take);

    if (finish_take(slot) == STORE_NOW)
        start_next(slot);
}

/* Starts the first ones, once the store can be reached. */
static void start_all(struct store_client *client)
{
    for (uint32_t i = 0; i < client->depth; i++)
        start_next(&client->slots[i]);
    client->is_started = true;
}

static void turn_later(struct client *of, int64_t now_ns)
{
    struct store_client *client = of_client(of);
    struct store_wait wait;

    client->now_ns = now_ns;
    if (!client->is_started && client->store->is_up)
        start_all(client);
    store_wait(client->store, &wait);
    wait_for_store(&wait, CLIENT_WAIT_NS);
    client->now_ns = clock_boot_ns();
    store_step(client->store, &wait, client->now_ns);
}

static void turn_now(struct client *of, int64_t now_ns)
{
    struct store_client *client = of_client(of);

    client->now_ns = now_ns + client->ahead_ns;
    for (int i = 0; i < OPERATIONS_PER_TURN; i++)
        start_next(&client->slots[0]);
}

/* -- Beginning and end -- */

static void store_client_free(struct client *of)
{
    struct store_client *client = of_client(of);

    /* What is under way is answered as an outage and starts nothing. */
    fail(client, "the end");
    store_free(client->store);
    free(client->slots);
    free(client);
}

/* Whether the store has sockets to wait for. */
static bool is_remote(struct store *store)
{
    struct store_wait wait;

    store_wait(store, &wait);
    return wait.fd_count > 0 || wait.deadline_ns < INT64_MAX;
}

struct client *store_client_new(const struct subject *subject,
                                struct store *store, const struct keys *keys,
                                uint32_t depth, int64_t ahead_ns)
{
    struct store_client *client = calloc(1, sizeof(*client));

    assert(depth >= 1 && depth <= CLIENT_DEPTH_MAX);
    if (!client)
        abort();
    *client = (struct store_client){
        .client.turn = is_remote(store) ? turn_later : turn_now,
        .client.free = store_client_free,
        .subject = subject,
        .store = store,
        .keys = keys,
        .random = (uint64_t)getpid(),
        .pid = (uint64_t)getpid(),
        .ahead_ns = ahead_ns,
        .slots = calloc(depth, sizeof(client->slots[0])),
        .depth = depth,
    };
    if (!client->slots)
        abort();
    for (uint32_t i = 0; i < depth; i++) {
        client->slots[i].client = client;
        client->slots[i].take.done = on_take;
        client->slots[i].release.done = on_release;
    }
    return &client->client;
}
