/*
 * What one replica grants by itself while the store is away: quotas with
 * on_outage = "local" are charged in memory of this machine, under the limit
 * divided by the number of replicas. So that all of them together admit about
 * what the limit allows, and each goes on counting.
 * Pure; any thread.
 */
#ifndef QUOTA_SHARE_H
#define QUOTA_SHARE_H

#include "policy/check/quota_request.h"
#include "quota/limit.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* How many replicas may share a store. */
#define SHARE_REPLICAS_MAX 1000

/*
 * The part of a limit that one of `replicas` (1 .. SHARE_REPLICAS_MAX) has:
 * amount and burst divided, rounded down, so that the sum is never above the
 * limit; but at least 1 where the limit is at least 1, for none at all is what
 * on_outage = "closed" says. So a limit below the number of replicas admits up
 * to that number. A limit of 0 denies all, also in parts. Times stay.
 */
struct limit share_limit(const struct limit *limit, int64_t replicas);

/* The charges of one take that are taken in memory in the store's place. It
 * points into itself: it stays where it is. */
struct share {
    struct take take;
    struct limit limits[QUOTAS_PER_CHECK_MAX];
    uint8_t places[QUOTAS_PER_CHECK_MAX]; /* of its charges in the other take */
};

/*
 * Picks those charges of a take that the store did not answer, with the same
 * keys and ids, in the same order. requests, limits: as for take_init. False:
 * there is nothing to take, as no quota is of that kind, or one that is closed
 * refuses the whole anyway.
 */
bool share_init(struct share *share, const struct take *take,
                const struct quota_request *requests,
                const struct quota_limits *limits, int64_t replicas);

#endif
