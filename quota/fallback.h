/*
 * A second store, in memory of this machine, for the time in which the first
 * does not answer: quotas with on_outage = "local" go on counting there, under
 * their share of the limit. The journal keeps what is to be told to the first
 * when it is back (quota/carrier.h).
 *
 * What was used here stays in memory until it ends by itself, or is given back:
 * a store that comes and goes would else be worth a new share each time.
 * Threads: its worker, under the core's lock.
 */
#ifndef QUOTA_FALLBACK_H
#define QUOTA_FALLBACK_H

#include "quota/journal.h"
#include "quota/share.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

struct fallback {
    struct store *memory; /* answers at once; NULL: there is no fallback */
    struct journal *journal;
};

/* Both are borrowed. memory: NULL for none; then journal may be NULL too. */
void fallback_init(struct fallback *fallback, struct store *memory,
                   struct journal *journal);

/* Takes what share_init picked out of `take`, now. share->take is answered
 * then, if only as an outage. With a fallback only. */
void fallback_take(const struct fallback *fallback, struct share *share,
                   const struct take *take, int64_t now_ns);

/* After a take at the store that was granted: what it gave back there is given
 * back here too. */
void fallback_returned(const struct fallback *fallback, const struct take *take,
                       int64_t now_ns);

/* Before a release at the store: releases here what is here of it, so that it
 * is not carried over meanwhile. Returns its units. */
int64_t fallback_release(const struct fallback *fallback,
                         const struct release *release, int64_t now_ns);

/* After it: corrects release->released by the `units` that were here. An outage
 * of the store is none any more if there were any; the store is then told when
 * it is back. */
void fallback_released(const struct fallback *fallback, struct release *release,
                       int64_t units, int64_t now_ns);

/*
 * Grants what is still in use here of what an entry, USED or HELD, says. A
 * lease is then renewed to the end that it has. is_outage: the memory does not
 * answer either. replicas: as for share_limit.
 */
struct quota_grant fallback_use(const struct fallback *fallback,
                                const struct journal_entry *entry,
                                int64_t replicas, int64_t now_ns);

#endif
