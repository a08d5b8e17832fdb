#include "quota/local/lease.h"

#include <assert.h>

/* How many leases that end later a new one passes to get to its place. */
#define PASSED_MAX 64

static uint32_t *newer_link(struct shard *shard, struct node *gate,
                            uint32_t older)
{
    return older != 0 ? &shard_node(shard, older)->lease.newer
                      : &gate->gate.oldest;
}

static uint32_t *older_link(struct shard *shard, struct node *gate,
                            uint32_t newer)
{
    return newer != 0 ? &shard_node(shard, newer)->lease.older
                      : &gate->gate.newest;
}

static void set_link(struct shard *shard, uint32_t *link, uint32_t index)
{
    shard_touch(shard, link);
    *link = index;
}

/* Puts a touched lease, which is not among those of its gate, into its place
 * from the newest backwards. */
static void insert(struct shard *shard, struct node *lease, int64_t ends_ns)
{
    struct node *gate = shard_node(shard, lease->lease.gate);
    uint32_t index = shard_index(shard, lease);
    uint32_t older = gate->gate.newest, newer = 0;

    for (uint32_t passed = 0; older != 0; passed++) {
        struct node *other = shard_node(shard, older);

        if (other->ends_ns <= ends_ns)
            break;
        if (passed == PASSED_MAX) {
            ends_ns = other->ends_ns;
            break;
        }
        newer = older;
        older = other->lease.older;
    }
    lease->ends_ns = ends_ns;
    lease->lease.older = older;
    lease->lease.newer = newer;
    set_link(shard, newer_link(shard, gate, older), index);
    set_link(shard, older_link(shard, gate, newer), index);
}

static void take_out(struct shard *shard, const struct lease *lease)
{
    struct node *gate = shard_node(shard, lease->gate);

    set_link(shard, newer_link(shard, gate, lease->older), lease->newer);
    set_link(shard, older_link(shard, gate, lease->newer), lease->older);
}

void lease_add(struct shard *shard, const struct quota_id *key,
               const struct quota_id *name, int64_t units, int64_t ends_ns)
{
    struct node *gate = shard_find(shard, NODE_GATE, key);
    struct node *lease;

    if (!gate)
        gate = shard_add(shard, NODE_GATE, key);
    lease = shard_add(shard, NODE_LEASE, name);
    lease->lease.units = units;
    lease->lease.gate = shard_index(shard, gate);
    insert(shard, lease, ends_ns);
    shard_touch(shard, gate);
    gate->gate.held += units;
}

void lease_renew(struct shard *shard, struct node *lease, int64_t ends_ns)
{
    take_out(shard, &lease->lease);
    shard_touch(shard, lease);
    insert(shard, lease, ends_ns);
}

void lease_shrink(struct shard *shard, struct node *lease, int64_t units)
{
    struct node *gate = shard_node(shard, lease->lease.gate);

    assert(units > 0 && units <= lease->lease.units);
    shard_touch(shard, gate);
    gate->gate.held -= units;
    if (units < lease->lease.units) {
        shard_touch(shard, lease);
        lease->lease.units -= units;
        return;
    }
    take_out(shard, &lease->lease);
    shard_drop(shard, lease);
    if (gate->gate.oldest == 0)
        shard_drop(shard, gate);
}

void lease_drop(struct shard *shard, struct node *lease)
{
    lease_shrink(shard, lease, lease->lease.units);
}

struct node *lease_oldest(struct shard *shard, const struct quota_id *key)
{
    struct node *gate = shard_find(shard, NODE_GATE, key);

    return gate ? shard_node(shard, gate->gate.oldest) : NULL;
}
