/*
 * Which node of a cluster has which slots, as one of its nodes sees it: the
 * answer to CLUSTER SLOTS. It may be old; who asks the wrong node is
 * redirected. Source: the Redis documentation of CLUSTER SLOTS. Threads: its
 * owner's.
 */
#ifndef QUOTA_REDIS_TOPOLOGY_H
#define QUOTA_REDIS_TOPOLOGY_H

#include "quota/redis/address.h"
#include "quota/redis/inquiry.h"
#include "quota/redis/slots.h"
#include "quota/store.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* Masters that have slots: one socket each, and one to ask for all this. */
#define TOPOLOGY_NODES_MAX 15
static_assert(TOPOLOGY_NODES_MAX + 1 <= STORE_FDS_MAX, "see above");

struct topology {
    struct inquiry inquiry;

    /* The last answer. The owners in `slots` are indexes of `nodes`. */
    char nodes[TOPOLOGY_NODES_MAX][ADDRESS_TEXT_BYTES];
    uint32_t node_count;
    struct slots slots;

    /* Of the range of slots that is being read. */
    int64_t first, last;
    char host[ADDRESS_TEXT_BYTES];
    const char *server; /* who says so */
    const char *fault;  /* of what was read so far */
};

/* Copies the settings. Stays where it is until topology_fini. */
void topology_init(struct topology *topology,
                   const struct redis_cluster *settings,
                   const struct redis_credentials *credentials);
void topology_fini(struct topology *topology);

/* These read an answer: begin, each item of the reply (context: the topology),
 * the reply. server: who gives it, as it is called: a node that it names
 * without a host has the same. The end returns NULL, or what is wrong. Pure. */
void topology_begin(struct topology *topology, const char *server);
void topology_hear(void *context, const struct reply_item *item);
const char *topology_end(struct topology *topology, const struct reply *reply);

#endif
