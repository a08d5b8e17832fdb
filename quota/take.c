#include "quota/take.h"

#include <assert.h>

void take_init(struct take *take, struct store *store,
               const struct quota_request *requests, uint32_t count,
               const struct quota_limits *limits, struct str deduplication_id)
{
    bool has_id = deduplication_id.len > 0;
    struct quota_id id = { 0 };

    assert(count <= QUOTAS_PER_CHECK_MAX);
    if (has_id)
        id = store_hash(store, deduplication_id);
    for (uint32_t i = 0; i < count; i++) {
        const struct quota_request *request = &requests[i];
        const struct quota_limits *quota = &limits[request->quota];

        assert(request->limit < quota->limit_count);
        take->charges[i] = (struct charge){
            .limit = &quota->limits[request->limit],
            .quota = quota->name,
            .key = store_hash(store, request->key),
            .text = request->text,
            .amount = request->amount,
            .is_best_effort = request->is_best_effort,
            .is_shadow = request->is_shadow,
            .has_id = has_id,
            .id = id,
        };
    }
    take->count = count;
}

/* What the quota says for itself, without a store. Only taking can be refused;
 * what a release would have returned is not known. */
static struct quota_grant outage_grant(const struct charge *charge,
                                       enum on_outage on_outage)
{
    struct quota_grant grant = {
        .remaining = -1,
        .retry_after_ns = -1,
        .full_after_ns = -1,
        .is_outage = true,
    };

    if (charge->amount <= 0)
        return grant;
    switch (on_outage) {
    case ON_OUTAGE_OPEN:
    case ON_OUTAGE_LOCAL: /* that does not answer either */
        grant.granted = charge->amount;
        grant.valid_for_ns = OUTAGE_VALID_NS;
        break;
    case ON_OUTAGE_CLOSED:
        grant.is_refused = true;
        break;
    }
    return grant;
}

/* What this machine's memory says in the store's place. */
static struct quota_grant local_grant(const struct quota_grant *answer)
{
    struct quota_grant grant = *answer;

    grant.is_outage = grant.is_local = true;
    if (grant.valid_for_ns > OUTAGE_VALID_NS)
        grant.valid_for_ns = OUTAGE_VALID_NS;
    return grant;
}

static void settle_local(struct take *take, const struct share *share)
{
    if (!share || share->take.status == TAKE_OUTAGE)
        return;
    for (uint32_t i = 0; i < share->take.count; i++)
        take->grants[share->places[i]] = local_grant(&share->take.grants[i]);
}

bool take_is_refused(const struct take *take)
{
    for (uint32_t i = 0; i < take->count; i++) {
        if (take->grants[i].is_refused && !take->charges[i].is_shadow)
            return true;
    }
    return false;
}

bool take_settle(struct take *take, const struct quota_request *requests,
                 const struct quota_limits *limits, const struct share *share)
{
    bool is_refused;

    if (take->status != TAKE_OUTAGE)
        return take->status == TAKE_REFUSED;
    for (uint32_t i = 0; i < take->count; i++)
        take->grants[i] = outage_grant(&take->charges[i],
                                       limits[requests[i].quota].on_outage);
    settle_local(take, share);
    is_refused = take_is_refused(take);
    /* All or none, as when the store answers. */
    for (uint32_t i = 0; is_refused && i < take->count; i++) {
        take->grants[i].granted = 0;
        take->grants[i].valid_for_ns = 0;
    }
    return is_refused;
}

uint32_t take_leases(const struct take *take, struct lease_name *leases)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < take->count; i++) {
        struct lease_name *lease = &leases[count];

        if (!take->grants[i].has_lease)
            continue;
        lease->quota = take->charges[i].quota;
        lease->key = take->charges[i].key;
        memcpy(lease->id.bytes, take->grants[i].lease_id,
               sizeof(lease->id.bytes));
        count++;
    }
    return count;
}
