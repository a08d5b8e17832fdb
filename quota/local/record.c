#include "quota/local/record.h"

struct record record_find(const struct site *site, const struct charge *charge)
{
    struct record record = {
        .is_kept = charge->has_id && charge->amount != 0 &&
                   charge->limit->dedup_ns > 0,
    };
    struct node *node;

    if (!record.is_kept)
        return record;
    record.name = name_of_pair(
        site->secret, charge->amount > 0 ? NAME_TAKEN : NAME_GIVEN_BACK,
        &charge->key, &charge->id);
    node = shard_find(site->shard, NODE_RECORD, &record.name);
    if (site_is_live(site, node)) {
        record.is_known = true;
        record.granted = node->granted;
    } else {
        record.ended = node;
    }
    return record;
}

void record_keep(const struct site *site, const struct charge *charge,
                 const struct record *record, int64_t granted)
{
    struct node *node;

    if (!record->is_kept || granted == 0)
        return;
    /* Else an id that comes again and again fills a chain. */
    if (record->ended)
        shard_drop_record(site->shard, record->ended);
    node = shard_add_record(site->shard, &record->name);
    node->granted = granted;
    node->ends_ns = instant_after(site->now_ns, charge->limit->dedup_ns);
}
