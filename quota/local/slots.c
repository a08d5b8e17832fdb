#include "quota/local/slots.h"

#include "quota/algo/admit.h"
#include "quota/local/lease.h"
#include "quota/local/record.h"

#include <string.h>

/* min(-amount, held), for amount < 0 of any size. */
static int64_t wanted_back(int64_t amount, int64_t held)
{
    return amount < -held ? held : -amount;
}

static int64_t units_held(const struct site *site, const struct quota_id *key)
{
    const struct node *gate = shard_find(site->shard, NODE_GATE, key);

    return gate ? gate->gate.held : 0;
}

static int64_t slots_left(const struct site *site, const struct charge *charge)
{
    int64_t held = units_held(site, &charge->key);

    return held < charge->limit->amount ? charge->limit->amount - held : 0;
}

void slots_look(const struct site *site, const struct charge *charge,
                struct quota_grant *grant)
{
    grant->remaining = slots_left(site, charge);
    /* When somebody releases, nobody knows. */
    grant->full_after_ns = units_held(site, &charge->key) > 0 ? -1 : 0;
}

/* The lease of that name, or NULL. One that has ended is dropped: others may
 * have been in front of it when leases were expired. */
static struct node *find_lease(const struct site *site,
                               const struct quota_id *name)
{
    struct node *lease = shard_find(site->shard, NODE_LEASE, name);

    if (!lease || site_is_live(site, lease))
        return lease;
    lease_drop(site->shard, lease);
    return NULL;
}

static bool has_tombstone(const struct site *site, const struct quota_id *name)
{
    struct node *tombstone = shard_find(site->shard, NODE_TOMBSTONE, name);

    if (!tombstone || site_is_live(site, tombstone))
        return tombstone != NULL;
    shard_drop(site->shard, tombstone);
    return false;
}

static void add_tombstone(const struct site *site, const struct quota_id *name)
{
    struct node *tombstone;

    if (has_tombstone(site, name))
        return;
    tombstone = shard_add(site->shard, NODE_TOMBSTONE, name);
    tombstone->ends_ns = instant_after(site->now_ns, RELEASE_TOMBSTONE_NS);
}

static struct admission take(const struct site *site,
                             const struct charge *charge,
                             const struct quota_id *name)
{
    int64_t ends_ns = instant_after(site->now_ns, charge->limit->lease_ns);
    struct node *lease = find_lease(site, name);
    struct admission admission = { 0 };

    if (lease) {
        lease_renew(site->shard, lease, ends_ns);
        admission.granted = lease->lease.units;
    } else if (!has_tombstone(site, name)) {
        admission = admit(slots_left(site, charge), charge->amount,
                          charge->is_best_effort, charge->is_shadow);
        if (admission.granted > 0)
            lease_add(site->shard, &charge->key, name, admission.granted,
                      ends_ns);
    }
    return admission;
}

void slots_take(const struct site *site, const struct charge *charge,
                struct quota_grant *grant)
{
    if (charge->amount > 0) {
        struct admission admission;
        struct quota_id name, id;

        memcpy(id.bytes, grant->lease_id, sizeof(id.bytes));
        name = name_of_pair(site->secret, NAME_LEASE, &charge->key, &id);
        admission = take(site, charge, &name);
        grant->granted = admission.granted;
        grant->is_refused = admission.is_refused;
        grant->has_lease = admission.granted > 0;
        grant->retry_after_ns = admission.is_refused ? -1 : 0;
    }
    slots_look(site, charge, grant);
}

static int64_t release_oldest(const struct site *site,
                              const struct charge *charge)
{
    int64_t wanted =
        wanted_back(charge->amount, units_held(site, &charge->key));
    int64_t released = 0;

    for (int i = 0; i < SLOTS_ENDED_MAX && released < wanted; i++) {
        struct node *oldest = lease_oldest(site->shard, &charge->key);
        int64_t units = oldest->lease.units;

        if (units > wanted - released)
            units = wanted - released;
        lease_shrink(site->shard, oldest, units);
        shard_commit(site->shard);
        released += units;
    }
    return released;
}

static int64_t release_any(const struct site *site, const struct charge *charge)
{
    struct record record = record_find(site, charge);
    int64_t released;

    if (record.is_known)
        return record.granted;
    released = release_oldest(site, charge);
    record_keep(site, charge, &record, released);
    return released;
}

static int64_t release_named(const struct site *site,
                             const struct quota_id *key,
                             const struct quota_id *id, int64_t amount)
{
    struct quota_id name = name_of_pair(site->secret, NAME_LEASE, key, id);
    struct node *lease = find_lease(site, &name);
    int64_t units;

    if (!lease) {
        add_tombstone(site, &name);
        return 0;
    }
    units = wanted_back(amount, lease->lease.units);
    lease_shrink(site->shard, lease, units);
    return units;
}

void slots_give_back(const struct site *site, const struct charge *charge,
                     struct quota_grant *grant)
{
    if (charge->limit->release_any)
        grant->granted = release_any(site, charge);
    else if (charge->has_id)
        grant->granted =
            release_named(site, &charge->key, &charge->id, charge->amount);
    else
        grant->granted = release_oldest(site, charge);
    slots_look(site, charge, grant);
}

int64_t slots_release(const struct site *site, const struct quota_id *key,
                      const struct quota_id *id)
{
    return release_named(site, key, id, INT64_MIN);
}
