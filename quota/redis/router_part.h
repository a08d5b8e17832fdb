/*
 * What the files that the router is written in share; nobody else's.
 * Threads: the router's owner's.
 */
#ifndef QUOTA_REDIS_ROUTER_PART_H
#define QUOTA_REDIS_ROUTER_PART_H

#include "quota/redis/router.h"

/* -- router.c -- */

/* The number of the node at `server`, which is added if it is new;
 * SLOTS_NOBODY: there is no room. */
uint8_t router_node(struct router *router, struct str server);

/* Frees a node that nothing is under way with. */
void router_drop(struct router *router, uint32_t number);

/* -- router_map.c -- */

/* As session_guide.redirect. */
bool router_redirect(void *context, const struct operation *operation,
                     const struct redirect *redirect, int64_t now_ns);

/* Asks for the map when it is time to, and takes it on. revents: of the
 * topology's connection. Not while sessions are stepped. */
void router_step_map(struct router *router, short revents, int64_t now_ns);

/* When it has something to do. */
int64_t router_map_deadline_ns(const struct router *router);

#endif
