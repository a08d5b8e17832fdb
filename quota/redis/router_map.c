#include "quota/redis/router_part.h"
#include "quota/redis/row.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More than are ever needed to find a key in one of 16384 slots. */
#define PROBE_KEYS_MAX 400000

/* -- When to ask -- */

static void ask_soon(struct router *router, int64_t now_ns)
{
    int64_t at_ns = router->asked_ns + ROUTER_PAUSE_NS;

    if (at_ns < now_ns)
        at_ns = now_ns;
    if (at_ns < router->ask_at_ns)
        router->ask_at_ns = at_ns;
}

int64_t router_map_deadline_ns(const struct router *router)
{
    if (!router->topology || router->topology->inquiry.is_asking)
        return INT64_MAX;
    return router->ask_at_ns;
}

/* -- What a node may write to be probed -- */

static bool is_own(const struct router *router, uint32_t number)
{
    const struct node *node = router->nodes[number];
    uint16_t slot = router_slot(router, ROW_PROBE, &node->probe_key);

    return router->slots.owners[slot] == number;
}

static void choose_probe_key(struct router *router, uint32_t number)
{
    struct node *node = router->nodes[number];

    node->session.target.probe_key = NULL;
    if (node->slot_count == 0)
        return;
    for (uint32_t i = 0; !is_own(router, number) && i < PROBE_KEYS_MAX; i++) {
        uint32_t digits = htobe32(i);

        memcpy(node->probe_key.bytes, &digits, sizeof(digits));
    }
    if (is_own(router, number))
        node->session.target.probe_key = &node->probe_key;
}

/* After a change of the map. */
static void count_slots(struct router *router)
{
    router->unserved_count = slots_count(&router->slots, SLOTS_NOBODY);
    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++) {
        if (!router->nodes[i])
            continue;
        router->nodes[i]->slot_count = slots_count(&router->slots, (uint8_t)i);
        choose_probe_key(router, i);
    }
}

/* -- What a node says of one slot -- */

static void move_slot(struct router *router, uint16_t slot, uint8_t number)
{
    uint8_t owner = router->slots.owners[slot];

    if (owner == number)
        return;
    router->slots.owners[slot] = number;
    router->nodes[number]->slot_count++;
    choose_probe_key(router, number);
    if (owner == SLOTS_NOBODY) {
        router->unserved_count--;
    } else {
        router->nodes[owner]->slot_count--;
        choose_probe_key(router, owner);
    }
}

bool router_redirect(void *context, const struct operation *operation,
                     const struct redirect *redirect, int64_t now_ns)
{
    struct router *router = context;
    uint8_t number = router_node(router, str_of(redirect->server));

    if (redirect->kind == REDIRECT_MOVED)
        ask_soon(router, now_ns);
    if (number == SLOTS_NOBODY)
        return false;
    router->nodes[number]->kept_until_ns = now_ns + ROUTER_KEEP_NS;
    if (redirect->kind == REDIRECT_MOVED)
        move_slot(router, redirect->slot, number);
    return operation &&
           session_adopt(&router->nodes[number]->session, operation);
}

/* -- What a node says of all -- */

static bool is_named(const struct topology *topology, const char *server)
{
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (strcmp(topology->nodes[i], server) == 0)
            return true;
    return false;
}

/* Those that have no slots any more; one that still has to answer stays. */
static void drop_nodes(struct router *router)
{
    const struct topology *topology = router->topology;

    for (uint32_t i = 0; i < ROUTER_NODES_MAX; i++) {
        const struct node *node = router->nodes[i];

        if (!node || is_named(topology, node->session.server))
            continue;
        for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
            if (router->slots.owners[slot] == i)
                router->slots.owners[slot] = SLOTS_NOBODY;
        if (session_is_idle(&node->session) &&
            router->now_ns >= node->kept_until_ns)
            router_drop(router, i);
    }
}

static void take_map(struct router *router)
{
    const struct topology *topology = router->topology;
    uint8_t numbers[TOPOLOGY_NODES_MAX];

    drop_nodes(router);
    for (uint32_t i = 0; i < topology->node_count; i++)
        numbers[i] = router_node(router, str_of(topology->nodes[i]));
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
        uint8_t owner = topology->slots.owners[slot];

        router->slots.owners[slot] =
            owner == SLOTS_NOBODY ? SLOTS_NOBODY : numbers[owner];
    }
    count_slots(router);
}

/* So that the nodes are asked too when those of the settings are gone. */
static void ask_nodes_too(struct router *router)
{
    struct str servers[TOPOLOGY_NODES_MAX];
    struct topology *topology = router->topology;

    for (uint32_t i = 0; i < topology->node_count; i++)
        servers[i] = str_of(topology->nodes[i]);
    inquiry_set_further(&topology->inquiry, servers, topology->node_count);
}

/* Once until it is mended. That a node is away, its session tells. */
static void tell(struct router *router, const char *fault)
{
    const struct redis_events *events = &router->events;

    if (fault && !router->is_told)
        events->down(events->context, router->topology->inquiry.servers[0],
                     fault);
    router->is_told = fault != NULL;
}

static void take_answer(struct router *router)
{
    const struct inquiry *inquiry = &router->topology->inquiry;
    char fault[64];

    if (!inquiry->is_answered) {
        /* With a map from before, nothing is wrong but what nodes say. */
        if (router->unserved_count == SLOT_COUNT)
            tell(router, inquiry->fault);
        return;
    }
    take_map(router);
    ask_nodes_too(router);
    snprintf(fault, sizeof(fault), "%" PRIu32 " slots have no node",
             router->unserved_count);
    tell(router, router->unserved_count > 0 ? fault : NULL);
}

void router_step_map(struct router *router, short revents, int64_t now_ns)
{
    struct inquiry *inquiry = &router->topology->inquiry;

    if (inquiry_step(inquiry, revents, now_ns)) {
        take_answer(router);
        router->ask_at_ns = now_ns + (router->store->is_up ? ROUTER_REFRESH_NS
                                                           : ROUTER_RETRY_NS);
    }
    if (!router->store->is_up && router->ask_at_ns > now_ns + ROUTER_RETRY_NS)
        ask_soon(router, now_ns);
    if (inquiry->is_asking || now_ns < router->ask_at_ns)
        return;
    router->asked_ns = now_ns;
    router->ask_at_ns = INT64_MAX;
    inquiry_ask(inquiry, router->store->is_up, now_ns);
}
