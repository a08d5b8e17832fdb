#include "quota/redis/redis.h"

#include "quota/redis/sentinel.h"
#include "quota/redis/session.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

struct redis_store {
    struct store store;
    struct session session;
    struct sentinel *sentinel; /* NULL: the server is known */
    bool was_up;               /* since the sentinels last answered */
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

    assert(take->count > 0);
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

    assert(release->count > 0);
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

/* -- Waiting -- */

static void wait_until(struct store_wait *wait, int64_t deadline_ns)
{
    if (deadline_ns < wait->deadline_ns)
        wait->deadline_ns = deadline_ns;
}

static void wait_for(struct store_wait *wait,
                     const struct connection *connection, short events)
{
    if (connection->fd < 0)
        return;
    wait->fds[wait->fd_count].fd = connection->fd;
    wait->fds[wait->fd_count].events = events;
    wait->fds[wait->fd_count].revents = 0;
    wait->fd_count++;
}

static void redis_wait(struct store *store, struct store_wait *wait)
{
    const struct redis_store *redis = of_store(store);

    wait->fd_count = 0;
    wait->deadline_ns = session_deadline_ns(&redis->session);
    wait_for(wait, &redis->session.connection, session_events(&redis->session));
    if (redis->sentinel) {
        wait_until(wait, sentinel_deadline_ns(redis->sentinel));
        wait_for(wait, &redis->sentinel->connection,
                 connection_events(&redis->sentinel->connection));
    }
}

/* -- Steps -- */

static short events_of(const struct store_wait *ready,
                       const struct connection *connection)
{
    if (!ready || connection->fd < 0)
        return 0;
    for (uint32_t i = 0; i < ready->fd_count; i++)
        if (ready->fds[i].fd == connection->fd)
            return ready->fds[i].revents;
    return 0;
}

/* Tells the session what the sentinels say. */
static void step_sentinel(struct redis_store *redis, short revents,
                          int64_t now_ns)
{
    struct sentinel *sentinel = redis->sentinel;

    if (!sentinel_step(sentinel, revents, now_ns))
        return;
    redis->was_up = false;
    if (sentinel->found[0])
        session_lead(&redis->session, str_of(sentinel->found), now_ns);
    else
        session_mislead(&redis->session, sentinel->fault, now_ns);
}

static void redis_step(struct store *store, const struct store_wait *ready,
                       int64_t now_ns)
{
    struct redis_store *redis = of_store(store);
    /* Looked up first: a socket that is opened below may get the number of one
     * that is closed below. */
    short revents = events_of(ready, &redis->session.connection);

    if (redis->sentinel)
        step_sentinel(redis, events_of(ready, &redis->sentinel->connection),
                      now_ns);
    session_step(&redis->session, revents, now_ns);
    redis->was_up |= store->is_up;
    if (redis->session.is_seeking && !redis->sentinel->is_asking)
        sentinel_ask(redis->sentinel, redis->was_up, now_ns);
}

/* -- Beginning and end -- */

static void redis_free(struct store *store)
{
    struct redis_store *redis = of_store(store);

    session_fini(&redis->session);
    if (redis->sentinel)
        sentinel_fini(redis->sentinel);
    free(redis->sentinel);
    EVP_MD_CTX_free(redis->digest);
    EVP_MD_free(redis->sha256);
    free(redis);
}

static struct sentinel *new_sentinel(const struct redis_sentinels *settings)
{
    struct sentinel *sentinel = malloc(sizeof(*sentinel));

    if (!sentinel)
        abort();
    sentinel_init(sentinel, settings);
    return sentinel;
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
    if (settings->sentinels)
        redis->sentinel = new_sentinel(settings->sentinels);
    return &redis->store;
}

void redis_store_set_credentials(struct store *store,
                                 const struct redis_credentials *credentials,
                                 const struct redis_credentials *of_sentinels)
{
    struct redis_store *redis = of_store(store);

    session_set_credentials(&redis->session, credentials);
    if (redis->sentinel && of_sentinels)
        sentinel_set_credentials(redis->sentinel, of_sentinels);
}
