/*
 * Which Redis an operation goes to, and the sessions with all of them: one
 * server; the master that sentinels name; or the masters of a cluster, of which
 * each has some of the slots.
 *
 * In a cluster it keeps a map of the slots, as one of the nodes tells it. It is
 * asked for again when a slot turns out to have moved, while a node is away,
 * and now and then. Each node has a connection and a breaker of its own: with
 * one lost, only its slots are an outage.
 *
 * Two files: router.c has the nodes, router_map.c the map of a cluster.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_ROUTER_H
#define QUOTA_REDIS_ROUTER_H

#include "policy/base/clock.h"
#include "quota/redis/operation.h"
#include "quota/redis/redis.h"
#include "quota/redis/sentinel.h"
#include "quota/redis/session.h"
#include "quota/redis/slots.h"
#include "quota/redis/topology.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTER_NODES_MAX TOPOLOGY_NODES_MAX

/* How long a node is kept that was named by another, but has no slots. */
#define ROUTER_KEEP_NS MINUTE

/* How often the map is asked for: while all is well, while something is away,
 * and at most. */
#define ROUTER_REFRESH_NS (10 * SECOND)
#define ROUTER_RETRY_NS (250 * MILLISECOND)
#define ROUTER_PAUSE_NS (50 * MILLISECOND)

struct node {
    struct session session;
    uint32_t slot_count;
    int64_t kept_until_ns;     /* also without slots: it is to get some */
    struct quota_id probe_key; /* in one of its slots, if it has any */
};

struct router {
    struct store *store; /* whose is_up it keeps, besides what sessions do */
    struct redis_events events;
    struct node *nodes[ROUTER_NODES_MAX]; /* NULL: none has this number */
    struct slots slots;
    uint32_t unserved_count; /* slots of nobody */
    int64_t now_ns;          /* of the last step */

    struct sentinel *sentinel; /* NULL: there are none */
    bool was_up;               /* since the sentinels last answered */

    struct topology *topology; /* NULL: there is no cluster */
    int64_t ask_at_ns;         /* for the map */
    int64_t asked_ns;          /* when it last was */
    bool is_told;              /* that there is none, or not of all slots */
    struct session_guide guide;

    /* For further nodes. */
    struct redis_settings settings; /* without pointers to others' */
    struct login login;
    char *prefix;
    uint64_t seed;
};

/* Copies the settings. Stays where it is until router_fini. seed: different per
 * process. */
void router_init(struct router *router, struct store *store,
                 const struct redis_settings *settings,
                 const struct redis_events *events, uint64_t seed);

/* Answers what is under way as an outage first. */
void router_fini(struct router *router);

/* As redis_store_set_credentials. */
void router_set_credentials(struct router *router,
                            const struct redis_credentials *credentials,
                            const struct redis_credentials *of_sentinels);

/* The slot of a key of a quota; always 0 without a cluster. */
uint16_t router_slot(const struct router *router, struct str quota,
                     const struct quota_id *key);

/* As session_start, with the session that has operation->slot. */
bool router_start(struct router *router, struct operation *operation,
                  int64_t now_ns);

/* Counts an operation that was not even started as an outage. */
void router_miss(struct router *router);

/* When one that begins now is to be answered, if its owner waits until
 * deadline_ns. */
int64_t router_deadline_for(const struct router *router, int64_t deadline_ns,
                            int64_t now_ns);

/* As the functions of the store. */
void router_wait(const struct router *router, struct store_wait *wait);
void router_step(struct router *router, const struct store_wait *ready,
                 int64_t now_ns);

#endif
