#include "quota/carrier.h"

#include "policy/base/clock.h"
#include "policy/base/list.h"
#include "quota/share.h"

void carrier_init(struct carrier *carrier, const struct fallback *fallback,
                  struct store *store)
{
    *carrier = (struct carrier){
        .fallback = fallback,
        .store = store,
        .clock = clock_boot_ns,
    };
    for (int i = 0; i < CARRIER_PARCELS; i++)
        carrier->parcels[i].carrier = carrier;
}

/* ---- what is to be said ------------------------------------------------ */

static struct quota_grant use_of(const struct carrier *carrier,
                                 const struct journal_entry *entry,
                                 int64_t now_ns)
{
    return fallback_use(carrier->fallback, entry, carrier->replicas, now_ns);
}

/* Whether a lease, by its `use` here, is held no more, before its time: its
 * holder released it, and the store may still believe it held. */
static bool was_released(const struct journal_entry *entry,
                         const struct quota_grant *use, int64_t now_ns)
{
    return entry->kind == JOURNAL_HELD && entry->ends_ns > now_ns &&
           use->granted == 0 && !use->is_outage;
}

/* ---- answers ----------------------------------------------------------- */

/* It was charged there: so it is to be seen whether that still holds. */
static void complete(const struct parcel *parcel, int64_t now_ns)
{
    const struct carrier *carrier = parcel->carrier;
    struct journal_entry entry = parcel->entry;
    struct quota_grant use;

    if (entry.kind != JOURNAL_HELD)
        return;
    use = use_of(carrier, &entry, now_ns);
    if (!was_released(&entry, &use, now_ns))
        return;
    entry.kind = JOURNAL_RELEASED;
    journal_note(carrier->fallback->journal, &entry, now_ns);
}

/* The store has answered. Returns whether it did so. */
static bool settle(struct parcel *parcel, int64_t now_ns)
{
    struct carrier *carrier = parcel->carrier;
    bool is_outage = parcel->entry.kind == JOURNAL_RELEASED
                         ? parcel->release.released < 0
                         : parcel->take.status == TAKE_OUTAGE;

    parcel->is_under_way = false;
    carrier->under_way--;
    carrier->carried += !is_outage;
    if (is_outage)
        journal_put_back(carrier->fallback->journal, &parcel->entry, now_ns);
    else
        complete(parcel, now_ns);
    return !is_outage;
}

static void go_on(struct carrier *carrier, int64_t now_ns);

static void answered(struct parcel *parcel)
{
    struct carrier *carrier = parcel->carrier;
    int64_t now_ns = carrier->clock();

    if (settle(parcel, now_ns))
        go_on(carrier, now_ns);
}

static void on_taken(struct take *take)
{
    answered(container_of(take, struct parcel, take));
}

static void on_released(struct release *release)
{
    answered(container_of(release, struct parcel, release));
}

/* ---- asking ------------------------------------------------------------ */

static enum store_when ask_release(struct parcel *parcel, int64_t now_ns)
{
    const struct journal_entry *entry = &parcel->entry;

    parcel->release = (struct release){
        .leases[0] = { { entry->quota, entry->quota_len },
                       entry->key,
                       entry->id },
        .count = 1,
        .deadline_ns = now_ns + parcel->carrier->deadline_ns,
        .done = on_released,
    };
    return store_release(parcel->carrier->store, &parcel->release, now_ns);
}

static enum store_when ask_take(struct parcel *parcel, int64_t amount,
                                int64_t now_ns)
{
    const struct journal_entry *entry = &parcel->entry;

    parcel->limit = entry->limit;
    if (entry->kind == JOURNAL_HELD)
        parcel->limit.amount = LIMIT_AMOUNT_MAX;
    parcel->take = (struct take){
        .count = 1,
        .deadline_ns = now_ns + parcel->carrier->deadline_ns,
        .done = on_taken,
    };
    parcel->take.charges[0] = (struct charge){
        .limit = &parcel->limit,
        .quota = { entry->quota, entry->quota_len },
        .key = entry->key,
        .text = { entry->text, entry->text_len },
        .amount = amount,
        .is_shadow = true,
        .has_id = entry->kind == JOURNAL_HELD,
        .id = entry->id,
    };
    return store_take(parcel->carrier->store, &parcel->take, now_ns);
}

static bool send(struct parcel *parcel, int64_t amount, int64_t now_ns)
{
    enum store_when when;

    parcel->is_under_way = true;
    parcel->carrier->under_way++;
    when = parcel->entry.kind == JOURNAL_RELEASED
               ? ask_release(parcel, now_ns)
               : ask_take(parcel, amount, now_ns);
    return when == STORE_LATER || settle(parcel, now_ns);
}

/* Returns whether more may be carried. */
static bool start(struct parcel *parcel, int64_t now_ns)
{
    const struct carrier *carrier = parcel->carrier;
    struct journal_entry *entry = &parcel->entry;
    struct quota_grant use = { 0 };

    if (entry->kind != JOURNAL_RELEASED)
        use = use_of(carrier, entry, now_ns);
    if (was_released(entry, &use, now_ns))
        entry->kind = JOURNAL_RELEASED;
    if (use.is_outage)
        journal_put_back(carrier->fallback->journal, entry, now_ns);
    else if (use.granted > 0 || entry->kind == JOURNAL_RELEASED)
        return send(parcel, use.granted, now_ns);
    return !use.is_outage;
}

static struct parcel *find_free(struct carrier *carrier)
{
    for (int i = 0; i < CARRIER_PARCELS; i++)
        if (!carrier->parcels[i].is_under_way)
            return &carrier->parcels[i];
    return NULL;
}

/* As many as may be under way, and for a store that answers at once not more
 * than these at a time. */
static void go_on(struct carrier *carrier, int64_t now_ns)
{
    for (int i = 0; i < CARRIER_PARCELS; i++) {
        struct parcel *parcel = find_free(carrier);

        if (!parcel || !carrier->store->is_up ||
            !journal_take(carrier->fallback->journal, &parcel->entry) ||
            !start(parcel, now_ns))
            return;
    }
}

void carrier_turn(struct carrier *carrier, int64_t replicas,
                  int64_t deadline_ns, int64_t now_ns)
{
    if (!carrier->fallback->memory ||
        journal_is_empty(carrier->fallback->journal))
        return;
    carrier->replicas = replicas;
    carrier->deadline_ns = deadline_ns;
    go_on(carrier, now_ns);
}
