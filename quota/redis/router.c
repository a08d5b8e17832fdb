#include "quota/redis/router_part.h"

#include "quota/redis/row.h"
#include "quota/redis/socket.h"

#include <stdlib.h>

/* -- Nodes -- */

static uint32_t free_number(const struct router *router)
{
    uint32_t number = 0;

    while (number < ROUTER_NODES_MAX && router->nodes[number])
        number++;
    return number;
}

static struct node *new_node(struct router *router,
                             const struct redis_settings *settings)
{
    struct node *node = calloc(1, sizeof(*node));

    if (!node)
        abort();
    session_init(&node->session, router->store, settings, &router->events,
                 router->seed++);
    node->session.target.probe_key = &node->probe_key;
    return node;
}

uint8_t router_node(struct router *router, struct str server)
{
    struct redis_settings settings = router->settings;
    uint32_t number = free_number(router);

    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i] &&
            str_eq(str_of(router->nodes[i]->session.server), server))
            return (uint8_t)i;
    if (number == ROUTER_NODES_MAX)
        return SLOTS_NOBODY;
    settings.server = server;
    router->nodes[number] = new_node(router, &settings);
    router->nodes[number]->session.guide = &router->guide;
    /* Nothing is its own yet. */
    router->nodes[number]->session.target.probe_key = NULL;
    return (uint8_t)number;
}

void router_drop(struct router *router, uint32_t number)
{
    session_fini(&router->nodes[number]->session);
    free(router->nodes[number]);
    router->nodes[number] = NULL;
}

/* -- Operations -- */

uint16_t router_slot(const struct router *router, struct str quota,
                     const struct quota_id *key)
{
    if (!router->topology)
        return 0;
    return row_slot(quota, key, str_of(router->prefix));
}

void router_miss(struct router *router)
{
    router->store->stats.operations++;
    router->store->stats.outages++;
}

bool router_start(struct router *router, struct operation *operation,
                  int64_t now_ns)
{
    uint8_t owner = router->slots.owners[operation->slot];

    if (owner != SLOTS_NOBODY)
        return session_start(&router->nodes[owner]->session, operation, now_ns);
    router_miss(router);
    operation_fail(operation);
    return false;
}

int64_t router_deadline_for(const struct router *router, int64_t deadline_ns,
                            int64_t now_ns)
{
    int64_t most_ns = now_ns + router->settings.deadline_ns;

    return deadline_ns < most_ns ? deadline_ns : most_ns;
}

/* -- Waiting -- */

/* Of whoever is asked where Redis is; NULL: nobody. */
static const struct inquiry *inquiry_of(const struct router *router)
{
    if (router->sentinel)
        return &router->sentinel->inquiry;
    return router->topology ? &router->topology->inquiry : NULL;
}

void router_wait(const struct router *router, struct store_wait *wait)
{
    const struct inquiry *inquiry = inquiry_of(router);

    wait->fd_count = 0;
    wait->deadline_ns = router_map_deadline_ns(router);
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++) {
        const struct node *node = router->nodes[i];

        if (!node)
            continue;
        socket_wait_until(wait, session_deadline_ns(&node->session));
        socket_wait_for(wait, &node->session.connection,
                        session_events(&node->session));
    }
    if (inquiry) {
        socket_wait_until(wait, inquiry_deadline_ns(inquiry));
        socket_wait_for(wait, &inquiry->connection,
                        connection_events(&inquiry->connection));
    }
}

/* -- Steps -- */

/* Tells the session what the sentinels say. */
static void step_sentinel(struct router *router, short revents, int64_t now_ns)
{
    struct session *session = &router->nodes[0]->session;
    struct sentinel *sentinel = router->sentinel;

    if (!inquiry_step(&sentinel->inquiry, revents, now_ns))
        return;
    router->was_up = false;
    if (sentinel->inquiry.is_answered)
        session_lead(session, str_of(sentinel->found), now_ns);
    else
        session_mislead(session, sentinel->inquiry.fault, now_ns);
}

static void ask_sentinel(struct router *router, int64_t now_ns)
{
    struct inquiry *inquiry = &router->sentinel->inquiry;

    router->was_up |= router->store->is_up;
    if (router->nodes[0]->session.is_seeking && !inquiry->is_asking)
        inquiry_ask(inquiry, router->was_up, now_ns);
}

/* All that have slots are up, and all slots have one. */
static bool is_up(const struct router *router)
{
    bool is_up = router->unserved_count == 0;

    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i] && router->nodes[i]->slot_count > 0)
            is_up &= session_is_up(&router->nodes[i]->session);
    return is_up;
}

void router_step(struct router *router, const struct store_wait *ready,
                 int64_t now_ns)
{
    const struct inquiry *inquiry = inquiry_of(router);
    short revents[ROUTER_NODES_MAX] = { 0 };
    short inquiry_revents =
        inquiry ? socket_events(ready, &inquiry->connection) : 0;

    router->now_ns = now_ns;
    /* All are looked up first: a socket that is opened below may get the number
     * of one that is closed below. */
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i])
            revents[i] =
                socket_events(ready, &router->nodes[i]->session.connection);
    if (router->sentinel)
        step_sentinel(router, inquiry_revents, now_ns);
    /* One that is added meanwhile takes its first step. */
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i])
            session_step(&router->nodes[i]->session, revents[i], now_ns);
    router->store->is_up = is_up(router);
    if (router->sentinel)
        ask_sentinel(router, now_ns);
    if (router->topology)
        router_step_map(router, inquiry_revents, now_ns);
}

/* -- Beginning and end -- */

static struct sentinel *new_sentinel(const struct redis_sentinels *settings)
{
    struct sentinel *sentinel = malloc(sizeof(*sentinel));

    if (!sentinel)
        abort();
    sentinel_init(sentinel, settings);
    return sentinel;
}

static struct topology *new_topology(const struct redis_settings *settings)
{
    struct topology *topology = calloc(1, sizeof(*topology));

    if (!topology)
        abort();
    topology_init(topology, settings->cluster, &settings->credentials);
    return topology;
}

static struct redis_credentials credentials_of(const struct login *login)
{
    return (struct redis_credentials){ str_of(login->user),
                                       str_of(login->password) };
}

static void init_cluster(struct router *router,
                         const struct redis_settings *settings)
{
    router->topology = new_topology(settings);
    router->guide = (struct session_guide){ router_redirect, router };
    router->prefix = str_dup(settings->key_prefix);
    login_init(&router->login, &settings->credentials);
    router->settings.credentials = credentials_of(&router->login);
    router->settings.key_prefix = str_of(router->prefix);
    slots_clear(&router->slots);
    router->unserved_count = SLOT_COUNT;
}

/* One node, which has all the slots. */
static void init_alone(struct router *router,
                       const struct redis_settings *settings)
{
    router->nodes[0] = new_node(router, settings);
    router->nodes[0]->slot_count = SLOT_COUNT;
    slots_set(&router->slots, 0, SLOT_COUNT - 1, 0);
    if (settings->sentinels)
        router->sentinel = new_sentinel(settings->sentinels);
}

void router_init(struct router *router, struct store *store,
                 const struct redis_settings *settings,
                 const struct redis_events *events, uint64_t seed)
{
    *router = (struct router){
        .store = store,
        .events = *events,
        .settings = { .database = settings->database,
                      .deadline_ns = settings->deadline_ns },
        .seed = seed,
    };
    if (settings->cluster)
        init_cluster(router, settings);
    else
        init_alone(router, settings);
}

void router_set_credentials(struct router *router,
                            const struct redis_credentials *credentials,
                            const struct redis_credentials *of_sentinels)
{
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i])
            session_set_credentials(&router->nodes[i]->session, credentials);
    if (router->sentinel && of_sentinels)
        inquiry_set_credentials(&router->sentinel->inquiry, of_sentinels);
    if (!router->topology)
        return;
    inquiry_set_credentials(&router->topology->inquiry, credentials);
    login_fini(&router->login);
    login_init(&router->login, credentials);
    router->settings.credentials = credentials_of(&router->login);
}

void router_fini(struct router *router)
{
    /* What one gives up may be undone at another: none is freed before all are
     * at their end. */
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        if (router->nodes[i])
            session_fini(&router->nodes[i]->session);
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++)
        free(router->nodes[i]);
    if (router->sentinel)
        sentinel_fini(router->sentinel);
    free(router->sentinel);
    if (router->topology) {
        topology_fini(router->topology);
        login_fini(&router->login);
    }
    free(router->topology);
    free(router->prefix);
}
