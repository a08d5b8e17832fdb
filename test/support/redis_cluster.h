/*
 * A private Redis Cluster of masters without replicas, for tests.
 * Threads: one at a time.
 */
#ifndef TEST_SUPPORT_REDIS_CLUSTER_H
#define TEST_SUPPORT_REDIS_CLUSTER_H

#include "test/support/redis_server.h"

#include <stdbool.h>
#include <stdint.h>

/* The last one has no slots at first. */
#define REDIS_CLUSTER_NODES 4
#define REDIS_CLUSTER_OWNERS 3

struct redis_cluster_servers {
    struct redis_server nodes[REDIS_CLUSTER_NODES];
    /* Where the owners are, as the configuration wants it. */
    char addresses[REDIS_CLUSTER_OWNERS][32];
};

/* Starts all of them, and returns when they agree that all slots are served. */
void redis_cluster_init(struct redis_cluster_servers *cluster);
void redis_cluster_fini(struct redis_cluster_servers *cluster);

/* Starts those that do not run, and returns when all agree again. */
void redis_cluster_mend(struct redis_cluster_servers *cluster);

/* Of all nodes that run. */
void redis_cluster_flush(struct redis_cluster_servers *cluster);

/* Which of them has a slot at first. */
uint32_t redis_cluster_owner(uint16_t slot);

/* Moves a slot, step by step: begins, moves all its keys, ends. */
void redis_cluster_begin_move(struct redis_cluster_servers *cluster,
                              uint16_t slot, uint32_t from, uint32_t to);
void redis_cluster_move_keys(struct redis_cluster_servers *cluster,
                             uint16_t slot, uint32_t from, uint32_t to);
void redis_cluster_end_move(struct redis_cluster_servers *cluster,
                            uint16_t slot, uint32_t from, uint32_t to);

/* How often a node answered with an error of that first word. */
uint64_t redis_cluster_errors(struct redis_cluster_servers *cluster,
                              uint32_t node, const char *word);

#endif
