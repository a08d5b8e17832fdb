#include "quota/share.h"

#include <assert.h>

static int64_t part_of(int64_t whole, int64_t replicas)
{
    if (whole == 0)
        return 0;
    return whole > replicas ? whole / replicas : 1;
}

struct limit share_limit(const struct limit *limit, int64_t replicas)
{
    struct limit share = *limit;

    assert(replicas >= 1 && replicas <= SHARE_REPLICAS_MAX);
    share.amount = part_of(limit->amount, replicas);
    share.burst = part_of(limit->burst, replicas);
    return share;
}

/* Whether the charge alone makes the whole refused. */
static bool is_closed(const struct charge *charge, enum on_outage on_outage)
{
    return on_outage == ON_OUTAGE_CLOSED && charge->amount > 0 &&
           !charge->is_shadow;
}

static void add(struct share *share, const struct charge *charge, uint8_t place,
                int64_t replicas)
{
    uint32_t index = share->take.count++;

    share->limits[index] = share_limit(charge->limit, replicas);
    share->places[index] = place;
    share->take.charges[index] = *charge;
    share->take.charges[index].limit = &share->limits[index];
}

bool share_init(struct share *share, const struct take *take,
                const struct quota_request *requests,
                const struct quota_limits *limits, int64_t replicas)
{
    share->take.count = 0;
    share->take.deadline_ns = take->deadline_ns;
    for (uint32_t i = 0; i < take->count; i++) {
        enum on_outage on_outage = limits[requests[i].quota].on_outage;

        if (is_closed(&take->charges[i], on_outage))
            return false;
        if (on_outage == ON_OUTAGE_LOCAL)
            add(share, &take->charges[i], (uint8_t)i, replicas);
    }
    return share->take.count > 0;
}
