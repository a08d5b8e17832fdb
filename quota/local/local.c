#include "quota/local/local.h"

#include "quota/local/holders.h"
#include "quota/local/mapping.h"
#include "quota/local/rates.h"
#include "quota/local/rolling.h"
#include "quota/local/room.h"
#include "quota/local/slots.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* That one charge or released lease adds. */
#define NODES_MAX 2

struct local {
    struct store store;
    struct mapping mapping;
    /* Of the leases that nobody gave an id: hashed, so they are unique and
     * cannot be guessed. */
    struct lease_seed {
        uint8_t random[16];
        uint64_t count;
    } seed;
};

static struct local *local_of(struct store *store)
{
    return container_of(store, struct local, store);
}

/* Where something of `key` is charged; its shard is locked. */
static struct site site_of(const struct local *local,
                           const struct quota_id *key, int64_t now_ns)
{
    uint32_t index = mapping_shard_of(&local->mapping, key);

    return (struct site){
        .shard = mapping_shard(&local->mapping, index),
        .secret = &local->mapping.header->secret,
        .now_ns = now_ns,
    };
}

/* What a shard can do for an algorithm: see rates.h and slots.h. */
struct algorithm {
    /* Frees what has ended, in steps of its own; NULL: nothing need be. */
    void (*expire)(struct shard *shard, const struct quota_id *key,
                   int64_t now_ns);
    void (*take)(const struct site *site, const struct charge *charge,
                 struct quota_grant *grant);
    void (*give_back)(const struct site *site, const struct charge *charge,
                      struct quota_grant *grant);
    void (*look)(const struct site *site, const struct charge *charge,
                 struct quota_grant *grant);
};

static const struct algorithm *algorithm_of(const struct charge *charge)
{
    static const struct algorithm rates = { NULL, rates_take, rates_give_back,
                                            rates_look };
    static const struct algorithm rolling = { rolling_expire, rates_take,
                                              rates_give_back, rates_look };
    static const struct algorithm slots = { room_expire, slots_take,
                                            slots_give_back, slots_look };

    switch (charge->limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
    case LIMIT_FIXED_WINDOW:
        return &rates;
    case LIMIT_ROLLING_WINDOW:
        return &rolling;
    case LIMIT_CONCURRENCY:
        return &slots;
    }
    abort();
}

/* A set of shards: bit n stands for the n-th. */
static_assert(MAPPING_SHARDS_MAX <= 32, "a set of shards is 32 bits");

static uint32_t bit_of(const struct local *local, const struct quota_id *key)
{
    return UINT32_C(1) << mapping_shard_of(&local->mapping, key);
}

static uint32_t shards_of_take(const struct local *local,
                               const struct take *take)
{
    uint32_t set = 0;

    for (uint32_t i = 0; i < take->count; i++)
        set |= bit_of(local, &take->charges[i].key);
    return set;
}

static uint32_t shards_of_release(const struct local *local,
                                  const struct release *release)
{
    uint32_t set = 0;

    for (uint32_t i = 0; i < release->count; i++)
        set |= bit_of(local, &release->leases[i].key);
    return set;
}

/* Calls for the shards of a set, in ascending order. */
static void for_each(const struct local *local, uint32_t set,
                     void (*call)(struct shard *shard))
{
    for (; set != 0; set &= set - 1)
        call(mapping_shard(&local->mapping, (uint32_t)__builtin_ctz(set)));
}

/* Locks a set of shards in ascending order, so no two processes wait for each
 * other. False, with none locked, if one cannot be locked in time. */
static bool lock_shards(struct local *local, uint32_t set, int64_t now_ns)
{
    struct store *store = &local->store;
    int64_t wait_ns = store->is_up ? LOCAL_WAIT_NS : LOCAL_WAIT_AGAIN_NS;
    uint32_t locked = 0;

    store->stats.operations++;
    for (uint32_t rest = set; rest != 0; rest &= rest - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(rest);
        struct shard *shard = mapping_shard(&local->mapping, index);

        switch (shard_lock(shard, wait_ns)) {
        case SHARD_RECOVERED:
            store->stats.recoveries++;
            break;
        case SHARD_LOCKED:
            break;
        case SHARD_TIMEOUT:
            for_each(local, locked, shard_unlock);
            store->stats.lock_timeouts++;
            store->stats.outages++;
            store->is_up = false;
            return false;
        }
        shard_see(shard, now_ns);
        locked |= UINT32_C(1) << index;
    }
    store->is_up = true;
    return true;
}

static void make_room(struct local *local, uint32_t set, uint32_t node_count,
                      int64_t now_ns)
{
    for (; set != 0; set &= set - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(set);

        local->store.stats.evictions += room_make(
            mapping_shard(&local->mapping, index), node_count, now_ns);
    }
}

static void expire(const struct local *local, const struct take *take,
                   int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        const struct algorithm *algorithm = algorithm_of(charge);
        struct site site = site_of(local, &charge->key, now_ns);

        if (algorithm->expire)
            algorithm->expire(site.shard, &charge->key, now_ns);
    }
}

static void name_lease(struct local *local, const struct charge *charge,
                       struct quota_grant *grant)
{
    struct quota_id id = charge->id;

    if (!charge->has_id) {
        local->seed.count++;
        id = name_of_bytes(
            &local->mapping.header->secret,
            (struct str){ (const char *)&local->seed, sizeof(local->seed) });
    }
    memcpy(grant->lease_id, id.bytes, sizeof(grant->lease_id));
}

/* Charges all that can refuse. Returns whether one does. */
static bool charge_takes(struct local *local, struct take *take, int64_t now_ns)
{
    bool is_refused = false;

    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct quota_grant *grant = &take->grants[i];
        struct site site = site_of(local, &charge->key, now_ns);

        *grant = (struct quota_grant){ 0 };
        if (charge->amount < 0)
            continue;
        if (charge->limit->algorithm == LIMIT_CONCURRENCY)
            name_lease(local, charge, grant);
        algorithm_of(charge)->take(&site, charge, grant);
        is_refused |= grant->is_refused && !charge->is_shadow;
    }
    return is_refused;
}

/* Gives back what the take gives back, once it is sure to be granted: that may
 * change more than can be undone. */
static void charge_returns(const struct local *local, struct take *take,
                           int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct site site = site_of(local, &charge->key, now_ns);

        if (charge->amount >= 0)
            continue;
        algorithm_of(charge)->give_back(&site, charge, &take->grants[i]);
        shard_commit(site.shard);
    }
}

/* What was granted is not. */
static void withdraw_grants(const struct local *local, struct take *take,
                            int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct quota_grant *grant = &take->grants[i];
        struct site site = site_of(local, &charge->key, now_ns);

        grant->granted = 0;
        grant->valid_for_ns = 0;
        grant->has_lease = false;
        algorithm_of(charge)->look(&site, charge, grant);
    }
}

static enum store_when take_quotas(struct store *store, struct take *take,
                                   int64_t boot_ns)
{
    struct local *local = local_of(store);
    int64_t now_ns = mapping_time(&local->mapping, boot_ns);
    uint32_t set = shards_of_take(local, take);

    if (!lock_shards(local, set, now_ns)) {
        take->status = TAKE_OUTAGE;
        return STORE_NOW;
    }
    expire(local, take, now_ns);
    make_room(local, set, take->count * NODES_MAX, now_ns);
    if (charge_takes(local, take, now_ns)) {
        take->status = TAKE_REFUSED;
        for_each(local, set, shard_roll_back);
        withdraw_grants(local, take, now_ns);
    } else {
        take->status = TAKE_GRANTED;
        for_each(local, set, shard_commit);
        charge_returns(local, take, now_ns);
    }
    for_each(local, set, shard_unlock);
    return STORE_NOW;
}

static enum store_when release_leases(struct store *store,
                                      struct release *release, int64_t boot_ns)
{
    struct local *local = local_of(store);
    int64_t now_ns = mapping_time(&local->mapping, boot_ns);
    uint32_t set = shards_of_release(local, release);

    if (!lock_shards(local, set, now_ns)) {
        release->released = -1;
        return STORE_NOW;
    }
    make_room(local, set, release->count * NODES_MAX, now_ns);
    release->released = 0;
    for (uint32_t i = 0; i < release->count; i++) {
        const struct lease_name *lease = &release->leases[i];
        struct site site = site_of(local, &lease->key, now_ns);

        release->released += slots_release(&site, &lease->key, &lease->id);
        shard_commit(site.shard);
    }
    for_each(local, set, shard_unlock);
    return STORE_NOW;
}

static enum store_when list_holders(struct store *store,
                                    struct holders *holders, int64_t boot_ns)
{
    struct local *local = local_of(store);
    int64_t now_ns = mapping_time(&local->mapping, boot_ns);
    uint32_t set = bit_of(local, &holders->key);

    holders->is_outage = !lock_shards(local, set, now_ns);
    if (!holders->is_outage) {
        struct site site = site_of(local, &holders->key, now_ns);

        holders_fill(holders, &site);
        for_each(local, set, shard_unlock);
    }
    return STORE_NOW;
}

static struct quota_id hash(struct store *store, struct str bytes)
{
    return name_of_bytes(&local_of(store)->mapping.header->secret, bytes);
}

static void wait_for_nothing(struct store *store, struct store_wait *wait)
{
    (void)store;
    wait->fd_count = 0;
    wait->deadline_ns = INT64_MAX;
}

static void step(struct store *store, const struct store_wait *ready,
                 int64_t now_ns)
{
    (void)store;
    (void)ready;
    (void)now_ns;
}

static void close_store(struct store *store)
{
    struct local *local = local_of(store);

    mapping_close(&local->mapping);
    free(local);
}

static const struct store_ops ops = {
    .take = take_quotas,
    .release = release_leases,
    .holders = list_holders,
    .hash = hash,
    .wait = wait_for_nothing,
    .step = step,
    .free = close_store,
};

/* One cell is the key's. */
uint64_t local_leases_per_key(uint64_t size_bytes)
{
    return shard_cells(mapping_shard_bytes(size_bytes)) - 1;
}

int local_create(uint64_t size_bytes)
{
    if (size_bytes < LOCAL_SIZE_MIN_BYTES ||
        size_bytes > LOCAL_SIZE_MAX_BYTES) {
        errno = EINVAL;
        return -1;
    }
    return mapping_create(size_bytes);
}

struct store *local_open(int fd)
{
    struct local *local = calloc(1, sizeof(*local));

    if (!local)
        abort();
    if (getrandom(local->seed.random, sizeof(local->seed.random), 0) !=
            (ssize_t)sizeof(local->seed.random) ||
        !mapping_open(&local->mapping, fd)) {
        free(local);
        return NULL;
    }
    local->store.ops = &ops;
    local->store.is_up = true;
    return &local->store;
}

static void add_usage(struct shard *shard, struct local_usage *usage)
{
    const uint32_t *counts = shard->root.counts;

    usage->cells += shard->node_count - 1 - shard->record_count;
    usage->free_cells += shard_free_count(shard);
    usage->keys += (uint64_t)counts[NODE_BUCKET] + counts[NODE_WINDOW] +
                   counts[NODE_ROLLING] + counts[NODE_GATE];
    usage->leases += counts[NODE_LEASE];
}

void local_usage(struct store *store, struct local_usage *usage)
{
    const struct local *local = local_of(store);
    const struct mapping *mapping = &local->mapping;

    *usage = (struct local_usage){ .size_bytes = mapping->size_bytes };
    for (uint32_t i = 0; i < mapping->header->shard_count; i++) {
        struct shard *shard = mapping_shard(mapping, i);

        if (shard_lock(shard, LOCAL_WAIT_AGAIN_NS) == SHARD_TIMEOUT)
            continue;
        add_usage(shard, usage);
        shard_unlock(shard);
    }
}
