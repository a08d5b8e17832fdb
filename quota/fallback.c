#include "quota/fallback.h"

#include "quota/algo/token_bucket.h"

#include <assert.h>
#include <string.h>

void fallback_init(struct fallback *fallback, struct store *memory,
                   struct journal *journal)
{
    *fallback = (struct fallback){ .memory = memory, .journal = journal };
}

static int64_t later(int64_t from_ns, int64_t by_ns)
{
    int64_t then_ns;

    return __builtin_add_overflow(from_ns, by_ns, &then_ns) ? INT64_MAX
                                                            : then_ns;
}

/* ---- what is charged here ---------------------------------------------- */

/* One charge alone. is_outage: the memory does not answer either. */
static struct quota_grant take_one(const struct fallback *fallback,
                                   const struct charge *charge, int64_t now_ns)
{
    struct take take = { .count = 1, .deadline_ns = now_ns };
    enum store_when when;

    take.charges[0] = *charge;
    when = store_take(fallback->memory, &take, now_ns);
    assert(when == STORE_NOW);
    if (take.status == TAKE_OUTAGE)
        return (struct quota_grant){ .is_outage = true };
    return take.grants[0];
}

/* Grants the units of a lease that is held here, which then ends after
 * lease_ns. To repeat a take is to renew it, and under a limit of nothing that
 * adds none where there is none; a release would leave a tombstone. */
static struct quota_grant find_lease(const struct fallback *fallback,
                                     const struct quota_id *key,
                                     const struct quota_id *id,
                                     int64_t lease_ns, int64_t now_ns)
{
    const struct limit nothing = { .algorithm = LIMIT_CONCURRENCY,
                                   .lease_ns = lease_ns };
    const struct charge charge = {
        .limit = &nothing,
        .key = *key,
        .amount = 1,
        .is_shadow = true,
        .has_id = true,
        .id = *id,
    };

    return take_one(fallback, &charge, now_ns);
}

/* Ends those of the leases that are held here. Returns their units, and
 * forgets them. */
static int64_t release_here(const struct fallback *fallback,
                            const struct lease_name *leases, uint32_t count,
                            int64_t now_ns)
{
    struct release release = { .deadline_ns = now_ns };
    enum store_when when;

    for (uint32_t i = 0; i < count; i++)
        if (find_lease(fallback, &leases[i].key, &leases[i].id,
                       LIMIT_PERIOD_MIN_NS, now_ns)
                .granted > 0)
            release.leases[release.count++] = leases[i];
    if (release.count == 0)
        return 0;
    when = store_release(fallback->memory, &release, now_ns);
    assert(when == STORE_NOW);
    for (uint32_t i = 0; i < release.count && release.released > 0; i++)
        journal_forget(fallback->journal, &release.leases[i].key,
                       &release.leases[i].id);
    return release.released > 0 ? release.released : 0;
}

static bool may_hold(const struct fallback *fallback, int64_t now_ns)
{
    return fallback->memory && journal_may_hold(fallback->journal, now_ns);
}

/* Whether a charge that gives back names the lease that it releases. */
static bool names_lease(const struct charge *charge)
{
    return charge->limit->algorithm == LIMIT_CONCURRENCY && charge->has_id &&
           !charge->limit->release_any;
}

void fallback_returned(const struct fallback *fallback, const struct take *take,
                       int64_t now_ns)
{
    for (uint32_t i = 0; i < take->count && may_hold(fallback, now_ns); i++) {
        const struct charge *charge = &take->charges[i];

        if (charge->amount >= 0)
            continue;
        if (names_lease(charge))
            release_here(
                fallback,
                &(struct lease_name){ charge->quota, charge->key, charge->id },
                1, now_ns);
        else
            take_one(fallback, charge, now_ns);
    }
}

/* ---- what is noted of it ----------------------------------------------- */

/* How long usage may last. */
static int64_t lasts_ns(const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return token_bucket_time_ns(limit, limit->burst);
    case LIMIT_FIXED_WINDOW:
        return limit->period_ns;
    case LIMIT_ROLLING_WINDOW:
        return limit->period_ns + limit->bucket_ns;
    case LIMIT_CONCURRENCY:
        return limit->lease_ns;
    }
    return INT64_MAX;
}

static void set_lease(struct journal_entry *entry, const struct charge *charge,
                      const struct quota_grant *grant)
{
    entry->kind = charge->amount > 0 ? JOURNAL_HELD : JOURNAL_RELEASED;
    if (charge->amount > 0)
        memcpy(entry->id.bytes, grant->lease_id, sizeof(entry->id.bytes));
    else
        entry->id = charge->id;
}

/* charge: as the store was asked. share: the limit that it had here. */
static void note(const struct fallback *fallback, const struct charge *charge,
                 const struct limit *share, const struct quota_grant *grant,
                 int64_t now_ns)
{
    bool is_lease = charge->limit->algorithm == LIMIT_CONCURRENCY;
    struct journal_entry entry = {
        .kind = JOURNAL_USED,
        .key = charge->key,
        .limit = *charge->limit,
        .ends_ns = later(now_ns, lasts_ns(share)),
    };

    /* Which leases are the oldest there, nobody knows here. */
    if (grant->granted == 0 ||
        (is_lease && charge->amount < 0 && !names_lease(charge)))
        return;
    if (is_lease)
        set_lease(&entry, charge, grant);
    else
        entry.amount = charge->amount > 0 ? grant->granted : -grant->granted;
    journal_name(&entry, charge->quota, charge->text);
    journal_note(fallback->journal, &entry, now_ns);
}

void fallback_take(const struct fallback *fallback, struct share *share,
                   const struct take *take, int64_t now_ns)
{
    enum store_when when = store_take(fallback->memory, &share->take, now_ns);

    assert(when == STORE_NOW);
    if (share->take.status != TAKE_GRANTED)
        return;
    for (uint32_t i = 0; i < share->take.count; i++)
        note(fallback, &take->charges[share->places[i]], &share->limits[i],
             &share->take.grants[i], now_ns);
}

static void note_released(const struct fallback *fallback,
                          const struct release *release, int64_t now_ns)
{
    for (uint32_t i = 0; i < release->count; i++) {
        struct journal_entry entry = {
            .kind = JOURNAL_RELEASED,
            .key = release->leases[i].key,
            .id = release->leases[i].id,
            .ends_ns = later(now_ns, LIMIT_PERIOD_MAX_NS), /* any lease's */
        };

        journal_name(&entry, release->leases[i].quota, STR(""));
        journal_note(fallback->journal, &entry, now_ns);
    }
}

int64_t fallback_release(const struct fallback *fallback,
                         const struct release *release, int64_t now_ns)
{
    if (!may_hold(fallback, now_ns))
        return 0;
    return release_here(fallback, release->leases, release->count, now_ns);
}

/* What was carried over is held in both places, and is released once. */
void fallback_released(const struct fallback *fallback, struct release *release,
                       int64_t units, int64_t now_ns)
{
    if (units == 0)
        return;
    if (release->released < 0)
        note_released(fallback, release, now_ns);
    if (release->released < units)
        release->released = units;
}

/* ---- what is left of it ---------------------------------------------- */

/* The most that can be had. */
static int64_t whole_of(const struct limit *limit)
{
    return limit->algorithm == LIMIT_TOKEN_BUCKET ? limit->burst
                                                  : limit->amount;
}

/* Grants what is still in use here of what was noted. The oldest usage ends
 * first, so that is the newest. */
static struct quota_grant find_used(const struct fallback *fallback,
                                    const struct journal_entry *entry,
                                    int64_t replicas, int64_t now_ns)
{
    struct limit share = share_limit(&entry->limit, replicas);
    const struct charge look = { .limit = &share, .key = entry->key };
    struct quota_grant grant = take_one(fallback, &look, now_ns);
    int64_t used = whole_of(&share) - grant.remaining;

    grant.granted = used < entry->amount ? used : entry->amount;
    return grant;
}

struct quota_grant fallback_use(const struct fallback *fallback,
                                const struct journal_entry *entry,
                                int64_t replicas, int64_t now_ns)
{
    if (entry->ends_ns <= now_ns)
        return (struct quota_grant){ 0 };
    if (entry->kind == JOURNAL_USED)
        return find_used(fallback, entry, replicas, now_ns);
    return find_lease(fallback, &entry->key, &entry->id,
                      entry->ends_ns - now_ns, now_ns);
}
