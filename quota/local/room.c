#include "quota/local/room.h"

#include "quota/local/lease.h"
#include "quota/local/rolling.h"

#include <stdlib.h>

/* Nodes that the hand passes per operation: twice as many as an operation
 * usually adds, so what has ended is found before there is no room. */
#define SWEPT 2

/* Among how many nodes the one is chosen that is dropped. They are spread over
 * all nodes, as neighbours were often added together and are alike. */
#define CANDIDATES 16

static void drop(struct shard *shard, struct node *node)
{
    if (node->kind == NODE_LEASE)
        lease_drop(shard, node);
    else
        rolling_drop(shard, node);
    shard_commit(shard);
}

void room_expire(struct shard *shard, const struct quota_id *key,
                 int64_t now_ns)
{
    for (int i = 0; i < ROOM_EXPIRED_MAX; i++) {
        struct node *oldest = lease_oldest(shard, key);

        if (!oldest || oldest->ends_ns > now_ns)
            return;
        drop(shard, oldest);
    }
}

/* Moves the hand on to the next node that was ever used; 0 if there is none. */
static uint32_t move_hand(struct shard *shard)
{
    struct root *root = &shard->root;

    shard_touch(shard, root);
    root->hand++;
    if (root->hand >= root->fresh)
        root->hand = shard->record_count + 1;
    return root->hand < root->fresh ? root->hand : 0;
}

/* What can be dropped at `index`: of a gate, a lease; of a rolling window, all
 * of it. NULL if it is free. */
static struct node *candidate(struct shard *shard, uint32_t index)
{
    struct node *node = shard_node(shard, index);

    switch (node->kind) {
    case NODE_FREE:
        return NULL;
    case NODE_GATE:
        return shard_node(shard, node->gate.oldest);
    case NODE_SPAN:
        return shard_node(shard, node->span.owner);
    case NODE_BUCKET:
    case NODE_WINDOW:
    case NODE_ROLLING:
    case NODE_LEASE:
    case NODE_TOMBSTONE:
    case NODE_RECORD:
        return node;
    }
    abort();
}

static void sweep(struct shard *shard, int64_t now_ns)
{
    for (int i = 0; i < SWEPT; i++) {
        uint32_t index = move_hand(shard);
        struct node *node = index != 0 ? candidate(shard, index) : NULL;

        if (node && node->ends_ns <= now_ns)
            drop(shard, node);
    }
}

/* There is no room, so all nodes but a few are in use. */
static struct node *find_victim(struct shard *shard)
{
    uint32_t first = shard->record_count + 1;
    uint32_t count = shard->node_count - first;
    struct node *victim = NULL;

    while (!victim) {
        uint32_t start = move_hand(shard) - first;

        for (uint32_t i = 0; i < CANDIDATES; i++) {
            uint32_t at = (start + i * (count / CANDIDATES)) % count;
            struct node *node = candidate(shard, first + at);

            if (node && (!victim || node->ends_ns < victim->ends_ns))
                victim = node;
        }
    }
    return victim;
}

uint32_t room_make(struct shard *shard, uint32_t count, int64_t now_ns)
{
    uint32_t evicted = 0;

    sweep(shard, now_ns);
    while (shard_free_count(shard) < count) {
        struct node *victim = find_victim(shard);

        evicted += victim->ends_ns > now_ns;
        drop(shard, victim);
    }
    return evicted;
}
