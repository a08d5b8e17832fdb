#include "quota/local/holders.h"

#include "quota/local/lease.h"

/* The next one of the same key, in the order of their end. */
static const struct node *newer_of(struct shard *shard,
                                   const struct node *lease)
{
    uint32_t newer = lease->lease.newer;

    return newer != 0 ? shard_node(shard, newer) : NULL;
}

/* The first one that has not ended; what others hold is not held. */
static const struct node *pass_ended(struct holders *holders,
                                     const struct site *site,
                                     const struct node *lease)
{
    for (int i = 0; i < HOLDERS_ENDED_MAX && lease; i++) {
        if (site_is_live(site, lease))
            return lease;
        holders->units -= lease->lease.units;
        lease = newer_of(site->shard, lease);
    }
    return NULL;
}

static void add(struct holders *holders, const struct site *site,
                const struct node *lease)
{
    holders->lease_count++;
    if (holders->count == HOLDERS_MAX)
        return;
    holders->items[holders->count++] = (struct holder){
        .id = lease->name,
        .units = lease->lease.units,
        .ends_in_ns = lease->ends_ns - site->now_ns,
    };
}

void holders_fill(struct holders *holders, const struct site *site)
{
    const struct node *gate = shard_find(site->shard, NODE_GATE, &holders->key);
    const struct node *lease = lease_oldest(site->shard, &holders->key);

    holders->units = gate ? gate->gate.held : 0;
    holders->count = holders->lease_count = 0;
    lease = pass_ended(holders, site, lease);
    for (; lease && holders->lease_count < HOLDERS_COUNT_MAX;
         lease = newer_of(site->shard, lease))
        add(holders, site, lease);
}
