/*
 * From what policy asks to what a store charges, and back: picks limits, names
 * keys, and answers by each quota's on_outage when the store does not.
 * Threads: its worker.
 */
#ifndef QUOTA_TAKE_H
#define QUOTA_TAKE_H

#include "policy/check/quota_request.h"
#include "quota/limit.h"
#include "quota/share.h"
#include "quota/store.h"

#include <stdint.h>

/*
 * Fills take->charges from `requests` (which must outlive the take). Until when
 * it waits, and what follows, is the caller's to set (deadline_ns, done).
 * deduplication_id: empty for none. limits: by quota index.
 */
void take_init(struct take *take, struct store *store,
               const struct quota_request *requests, uint32_t count,
               const struct quota_limits *limits, struct str deduplication_id);

/* How long a grant given during an outage is valid: short, so that limits
 * hold soon after the store is back. */
#define OUTAGE_VALID_NS INT64_C(1000000000)

/*
 * After an answer: for TAKE_OUTAGE, fills the grants as on_outage says
 * (is_outage set). limits: as for take_init. share: answered by this machine's
 * memory, or NULL if there was none to take; where it was not answered either,
 * its quotas are open. Returns whether any charge that can refuse is refused.
 */
bool take_settle(struct take *take, const struct quota_request *requests,
                 const struct quota_limits *limits, const struct share *share);

/* The same, once it is settled. */
bool take_is_refused(const struct take *take);

/* The leases that the take holds: names for a handle or for giving back. */
uint32_t take_leases(const struct take *take, struct lease_name *leases);

#endif
