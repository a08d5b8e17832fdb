/*
 * Carries what was used in memory while the store was away over to the store,
 * one key after the other; the journal gives each to one worker:
 *
 *   a rate    what was granted here and is still in use: as far as the store
 *             has any left
 *   a lease   under its own id, so that its handle works there; beyond the
 *             limit if need be, for its holder has the slot. To take it twice
 *             is to renew it
 *   a lease that was released here is released there
 *
 * If the store fails again, the entry goes back into the journal. A charge of
 * which nobody knows whether it happened is then made once more: that refuses
 * too much for a window at most, and admits nothing.
 * Threads: its worker, under the core's lock.
 */
#ifndef QUOTA_CARRIER_H
#define QUOTA_CARRIER_H

#include "quota/fallback.h"
#include "quota/journal.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* How many entries are under way at a time: a return must not be answered by a
 * flood. */
#define CARRIER_PARCELS 16

/* One entry on its way to the store. */
struct parcel {
    struct carrier *carrier;
    struct journal_entry entry;
    struct limit limit; /* under which it is charged there */
    union {
        struct take take;
        struct release release;
    };
    bool is_under_way;
};

struct carrier {
    const struct fallback *fallback;
    struct store *store;
    int64_t replicas, deadline_ns; /* as last told */
    int64_t (*clock)(void);        /* CLOCK_BOOTTIME */
    struct parcel parcels[CARRIER_PARCELS];
    uint32_t under_way;
    uint64_t carried; /* entries, for the owner to count */
};

/* All are borrowed. It stays where it is until the store is freed. */
void carrier_init(struct carrier *carrier, const struct fallback *fallback,
                  struct store *store);

/* To be called from time to time: goes on, if there is anything to carry and
 * the store is up. replicas, deadline_ns (for one operation): by the
 * configuration. */
void carrier_turn(struct carrier *carrier, int64_t replicas,
                  int64_t deadline_ns, int64_t now_ns);

#endif
