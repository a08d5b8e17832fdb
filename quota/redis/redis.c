#include "quota/redis/redis.h"

#include "quota/redis/router.h"
#include "quota/redis/scatter.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

struct redis_store {
    struct store store;
    struct router router;
    struct scatters scatters;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
};

static struct redis_store *of_store(struct store *store)
{
    return container_of(store, struct redis_store, store);
}

/* -- Operations -- */

static enum store_when start(struct redis_store *redis,
                             struct operation *operation, int64_t now_ns)
{
    return router_start(&redis->router, operation, now_ns) ? STORE_LATER
                                                           : STORE_NOW;
}

static bool are_equal(const uint16_t *slots, uint32_t count)
{
    uint32_t i = 1;

    while (i < count && slots[i] == slots[0])
        i++;
    return i >= count;
}

/* A lease has the id that its caller gave, or a new one that nobody guesses. */
static void set_lease_id(struct quota_grant *grant, const struct charge *charge)
{
    if (charge->has_id)
        memcpy(grant->lease_id, charge->id.bytes, sizeof(grant->lease_id));
    else if (getrandom(grant->lease_id, sizeof(grant->lease_id), 0) < 0)
        abort();
}

static enum store_when redis_take(struct store *store, struct take *take,
                                  int64_t now_ns)
{
    struct redis_store *redis = of_store(store);
    uint16_t slots[QUOTAS_PER_CHECK_MAX];
    struct operation operation = { .kind = OPERATION_TAKE,
                                   .take = take,
                                   .deadline_ns = take->deadline_ns };

    assert(take->count > 0);
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];

        slots[i] = router_slot(&redis->router, charge->quota, &charge->key);
        if (charge->limit->algorithm == LIMIT_CONCURRENCY)
            set_lease_id(&take->grants[i], charge);
    }
    if (!are_equal(slots, take->count))
        return scatter_take(&redis->scatters, take, slots, now_ns);
    operation.slot = slots[0];
    return start(redis, &operation, now_ns);
}

static enum store_when redis_release(struct store *store,
                                     struct release *release, int64_t now_ns)
{
    struct redis_store *redis = of_store(store);
    uint16_t slots[QUOTAS_PER_CHECK_MAX];
    struct operation operation = { .kind = OPERATION_RELEASE,
                                   .release = release,
                                   .deadline_ns = release->deadline_ns };

    assert(release->count > 0);
    for (uint32_t i = 0; i < release->count; i++)
        slots[i] = router_slot(&redis->router, release->leases[i].quota,
                               &release->leases[i].key);
    if (!are_equal(slots, release->count))
        return scatter_release(&redis->scatters, release, slots, now_ns);
    operation.slot = slots[0];
    return start(redis, &operation, now_ns);
}

static enum store_when redis_holders(struct store *store,
                                     struct holders *holders, int64_t now_ns)
{
    struct redis_store *redis = of_store(store);
    struct operation operation = {
        .kind = OPERATION_HOLDERS,
        .holders = holders,
        .slot = router_slot(&redis->router, holders->quota, &holders->key),
        .deadline_ns = holders->deadline_ns,
    };

    return start(redis, &operation, now_ns);
}

/* SHA-256: it needs no secret that replicas would have to share, and nobody
 * finds two texts that agree even in half of it. */
static struct quota_id redis_hash(struct store *store, struct str bytes)
{
    const struct redis_store *redis = of_store(store);
    unsigned char sum[EVP_MAX_MD_SIZE];
    struct quota_id id;

    if (!EVP_DigestInit_ex2(redis->digest, redis->sha256, NULL) ||
        !EVP_DigestUpdate(redis->digest, bytes.data, bytes.len) ||
        !EVP_DigestFinal_ex(redis->digest, sum, NULL))
        abort();
    memcpy(id.bytes, sum, sizeof(id.bytes));
    return id;
}

/* -- Steps -- */

static void redis_wait(struct store *store, struct store_wait *wait)
{
    router_wait(&of_store(store)->router, wait);
}

static void redis_step(struct store *store, const struct store_wait *ready,
                       int64_t now_ns)
{
    router_step(&of_store(store)->router, ready, now_ns);
}

/* -- Beginning and end -- */

static void redis_free(struct store *store)
{
    struct redis_store *redis = of_store(store);

    router_fini(&redis->router);
    scatters_fini(&redis->scatters);
    EVP_MD_CTX_free(redis->digest);
    EVP_MD_free(redis->sha256);
    free(redis);
}

struct store *redis_store_new(const struct redis_settings *settings,
                              const struct redis_events *events)
{
    static const struct store_ops ops = {
        .take = redis_take,
        .release = redis_release,
        .holders = redis_holders,
        .hash = redis_hash,
        .wait = redis_wait,
        .step = redis_step,
        .free = redis_free,
    };
    struct redis_store *redis = calloc(1, sizeof(*redis));
    uint64_t seed;

    if (!redis || getrandom(&seed, sizeof(seed), 0) < 0)
        abort();
    redis->store.ops = &ops;
    redis->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    redis->digest = EVP_MD_CTX_new();
    if (!redis->sha256 || !redis->digest)
        abort();
    router_init(&redis->router, &redis->store, settings, events, seed);
    scatters_init(&redis->scatters, &redis->router);
    return &redis->store;
}

void redis_store_set_credentials(struct store *store,
                                 const struct redis_credentials *credentials,
                                 const struct redis_credentials *of_sentinels)
{
    router_set_credentials(&of_store(store)->router, credentials, of_sentinels);
}
