#include "quota/redis/redis.h"

#include "quota/redis/session.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

struct redis_store {
    struct store store;
    struct session session;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
};

static struct redis_store *of_store(struct store *store)
{
    return container_of(store, struct redis_store, store);
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
    struct operation operation = { .kind = OPERATION_TAKE,
                                   .take = take,
                                   .deadline_ns = take->deadline_ns };

    for (uint32_t i = 0; i < take->count; i++)
        if (take->charges[i].limit->algorithm == LIMIT_CONCURRENCY)
            set_lease_id(&take->grants[i], &take->charges[i]);
    return session_start(&of_store(store)->session, &operation, now_ns)
               ? STORE_LATER
               : STORE_NOW;
}

static enum store_when redis_release(struct store *store,
                                     struct release *release, int64_t now_ns)
{
    struct operation operation = { .kind = OPERATION_RELEASE,
                                   .release = release,
                                   .deadline_ns = release->deadline_ns };

    return session_start(&of_store(store)->session, &operation, now_ns)
               ? STORE_LATER
               : STORE_NOW;
}

static enum store_when redis_holders(struct store *store,
                                     struct holders *holders, int64_t now_ns)
{
    struct operation operation = { .kind = OPERATION_HOLDERS,
                                   .holders = holders,
                                   .deadline_ns = holders->deadline_ns };

    return session_start(&of_store(store)->session, &operation, now_ns)
               ? STORE_LATER
               : STORE_NOW;
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

static void redis_wait(struct store *store, struct store_wait *wait)
{
    session_wait(&of_store(store)->session, wait);
}

static void redis_step(struct store *store, const struct store_wait *ready,
                       int64_t now_ns)
{
    session_step(&of_store(store)->session, ready, now_ns);
}

static void redis_free(struct store *store)
{
    struct redis_store *redis = of_store(store);

    session_fini(&redis->session);
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
    session_init(&redis->session, &redis->store, settings, events, seed);
    return &redis->store;
}
