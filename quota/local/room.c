#include "quota/local/room.h"

#include "quota/local/lease.h"

/* Nodes that the hand passes per operation: twice as many as an operation
 * usually adds, so what has ended is found before there is no room. */
#define SWEPT 2

/* Among how many nodes the one is chosen that is dropped. */
#define CANDIDATES 16

static void drop(struct shard *shard, struct node *node)
{
    if (node->kind == NODE_LEASE)
        lease_drop(shard, node);
    else
        shard_drop(shard, node);
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

/* The node at the hand, which goes on; NULL if it is free. Of a gate, a lease:
 * what is to be dropped in its place. */
static struct node *pass(struct shard *shard)
{
    struct root *root = &shard->root;
    struct node *node;

    /* Not saved: wherever the hand is, it is right. */
    if (root->hand >= root->fresh)
        root->hand = shard->record_count + 1;
    if (root->hand == root->fresh)
        return NULL;
    node = shard_node(shard, root->hand++);
    if (node->kind == NODE_GATE)
        return shard_node(shard, node->gate.oldest);
    return node->kind == NODE_FREE ? NULL : node;
}

static void sweep(struct shard *shard, int64_t now_ns)
{
    for (int i = 0; i < SWEPT; i++) {
        struct node *node = pass(shard);

        if (node && node->ends_ns <= now_ns)
            drop(shard, node);
    }
}

/* There is at least one node that is not free. */
static struct node *find_victim(struct shard *shard)
{
    struct node *victim = NULL;

    for (int i = 0; i < CANDIDATES || !victim; i++) {
        struct node *node = pass(shard);

        if (node && (!victim || node->ends_ns < victim->ends_ns))
            victim = node;
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
