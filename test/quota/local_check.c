#include "test/quota/local_check.h"

#include "quota/local/local.h"
#include "quota/local/mapping.h"
#include "test/support/table.h"

#include <stdlib.h>

/* Which nodes of a shard were met, each where it belongs. */
struct inventory {
    struct shard *shard;
    bool *is_met;
    uint32_t counts[NODE_KINDS];
    uint32_t lease_count; /* in the lists of all gates */
};

static struct node *meet(struct inventory *inventory, uint32_t index)
{
    struct node *node;

    assert_in_range(index, 1, inventory->shard->node_count - 1);
    assert_false(inventory->is_met[index]);
    inventory->is_met[index] = true;
    node = shard_node(inventory->shard, index);
    assert_in_range(node->kind, NODE_FREE, NODE_KINDS - 1);
    inventory->counts[node->kind]++;
    return node;
}

static void check_gate(struct inventory *inventory, const struct node *gate)
{
    struct shard *shard = inventory->shard;
    uint32_t older = 0, index = gate->gate.oldest;
    int64_t held = 0, ends_ns = 0;

    assert_int_not_equal(index, 0);
    while (index != 0) {
        const struct node *node = shard_node(shard, index);

        assert_int_equal(node->kind, NODE_LEASE);
        assert_int_equal(node->lease.gate, shard_index(shard, gate));
        assert_int_equal(node->lease.older, older);
        assert_true(node->lease.units > 0);
        assert_true(node->ends_ns >= ends_ns);
        held += node->lease.units;
        ends_ns = node->ends_ns;
        older = index;
        index = node->lease.newer;
        inventory->lease_count++;
    }
    assert_int_equal(gate->gate.newest, older);
    assert_int_equal(gate->gate.held, held);
}

static void check_rolling(struct inventory *inventory,
                          const struct node *rolling)
{
    struct shard *shard = inventory->shard;
    uint32_t index = rolling->rolling.oldest;
    int64_t ends_ns = 0;

    assert_true(rolling->rolling.units > 0);
    while (index != 0) {
        const struct span *span = &meet(inventory, index)->span;

        assert_int_equal(shard_node(shard, index)->kind, NODE_SPAN);
        assert_int_equal(span->owner, shard_index(shard, rolling));
        assert_true(span->units[0] > 0);
        for (int i = 0; i < SPAN_BUCKETS && span->units[i] > 0; i++) {
            assert_true(span->ends_ns[i] >= ends_ns);
            ends_ns = span->ends_ns[i];
        }
        assert_true(span->units[SPAN_BUCKETS - 1] > 0 || span->newer == 0);
        index = span->newer;
    }
    assert_true(rolling->ends_ns >= ends_ns);
}

static void check_used(struct inventory *inventory, const struct node *node)
{
    bool is_record =
        shard_index(inventory->shard, node) <= inventory->shard->record_count;
    const struct node *found;

    assert_int_equal(node->kind == NODE_RECORD, is_record);
    found = shard_find(inventory->shard, node->kind, &node->name);
    /* An older record of the same name is behind the one that is found. */
    assert_true(is_record ? found != NULL : found == node);
    switch (node->kind) {
    case NODE_FREE:
        fail_msg("a free node has a name");
        break;
    case NODE_BUCKET:
        assert_true(node->bucket.used > 0);
        break;
    case NODE_WINDOW:
        assert_true(node->used > 0);
        break;
    case NODE_ROLLING:
        check_rolling(inventory, node);
        break;
    case NODE_SPAN:
        fail_msg("a span has a name");
        break;
    case NODE_GATE:
        check_gate(inventory, node);
        break;
    case NODE_RECORD:
        assert_true(node->granted > 0);
        break;
    case NODE_LEASE:
    case NODE_TOMBSTONE:
        break;
    }
}

static void check_shard(struct shard *shard)
{
    const struct root *root = &shard->root;
    struct inventory inventory = {
        .shard = shard,
        .is_met = calloc(shard->node_count, sizeof(bool)),
    };
    uint32_t index;

    assert_non_null(inventory.is_met);
    for (uint32_t head = 0; head < shard->head_count; head++) {
        for (index = shard->heads[head]; index != 0;) {
            const struct node *node = meet(&inventory, index);

            check_used(&inventory, node);
            index = node->next;
        }
    }
    for (index = root->free; index != 0;) {
        const struct node *node = meet(&inventory, index);

        assert_int_equal(node->kind, NODE_FREE);
        index = node->next;
    }
    for (uint32_t kind = NODE_FREE + 1; kind < NODE_KINDS; kind++)
        assert_int_equal(inventory.counts[kind], root->counts[kind]);
    assert_int_equal(inventory.lease_count, root->counts[NODE_LEASE]);
    /* No node is lost, and those that were never used are in no list. */
    for (index = shard->record_count + 1; index < shard->node_count; index++)
        assert_int_equal(inventory.is_met[index], index < root->fresh);
    free(inventory.is_met);
}

void local_check(int fd)
{
    struct mapping mapping;

    assert_true(mapping_open(&mapping, fd));
    for (uint32_t i = 0; i < mapping.header->shard_count; i++) {
        struct shard *shard = mapping_shard(&mapping, i);

        assert_int_not_equal(shard_lock(shard, LOCAL_WAIT_NS), SHARD_TIMEOUT);
        assert_int_equal(atomic_load(&shard->undo.count), 0);
        check_shard(shard);
        shard_unlock(shard);
    }
    mapping_close(&mapping);
}
