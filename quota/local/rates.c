#include "quota/local/rates.h"

#include "quota/algo/admit.h"
#include "quota/algo/rate.h"
#include "quota/local/record.h"
#include "quota/local/rolling.h"

#include <stdlib.h>

/* The usage of a key as it is now, and its node, or NULL. */
struct found {
    struct node *node;
    union rate rate;
};

static enum node_kind kind_of(const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return NODE_BUCKET;
    case LIMIT_FIXED_WINDOW:
        return NODE_WINDOW;
    case LIMIT_ROLLING_WINDOW:
        return NODE_ROLLING;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

static void load(const struct site *site, const struct limit *limit,
                 struct found *found)
{
    const struct node *node = found->node;

    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        found->rate.bucket = node->bucket;
        return;
    case LIMIT_FIXED_WINDOW:
        found->rate.fixed = (struct fixed_window){ node->used, node->ends_ns };
        return;
    case LIMIT_ROLLING_WINDOW:
        rolling_load(site->shard, node, &found->rate.rolling);
        return;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

static void find(const struct site *site, const struct charge *charge,
                 struct found *found)
{
    const struct limit *limit = charge->limit;

    found->node = shard_find(site->shard, kind_of(limit), &charge->key);
    if (found->node)
        load(site, limit, found);
    else
        rate_init(&found->rate, limit);
    rate_pass(&found->rate, limit, site->now_ns);
}

/* Writes the usage of a rate into its touched node. */
static void save(const struct site *site, const struct limit *limit,
                 const struct found *found)
{
    struct node *node = found->node;

    node->ends_ns = rate_ends_ns(&found->rate, limit);
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        node->bucket = found->rate.bucket;
        return;
    case LIMIT_FIXED_WINDOW:
        node->used = found->rate.fixed.used;
        return;
    case LIMIT_ROLLING_WINDOW:
        rolling_save(site->shard, node, &found->rate.rolling);
        return;
    case LIMIT_CONCURRENCY:
        break;
    }
    abort();
}

static void keep(const struct site *site, const struct charge *charge,
                 struct found *found)
{
    const struct limit *limit = charge->limit;

    if (rate_used(&found->rate, limit) == 0) {
        rolling_drop(site->shard, found->node);
        return;
    }
    if (found->node)
        shard_touch(site->shard, found->node);
    else
        found->node = shard_add(site->shard, kind_of(limit), &charge->key);
    save(site, limit, found);
}

static struct admission take(const struct site *site,
                             const struct charge *charge, struct found *found,
                             const struct record *record)
{
    const struct limit *limit = charge->limit;
    struct admission admission =
        admit(rate_left(&found->rate, limit), charge->amount,
              charge->is_best_effort, charge->is_shadow);

    if (admission.granted > 0) {
        rate_take(&found->rate, limit, site->now_ns, admission.granted);
        keep(site, charge, found);
        record_keep(site, charge, record, admission.granted);
    }
    return admission;
}

static void fill_look(const struct site *site, const struct charge *charge,
                      const struct found *found, struct quota_grant *grant)
{
    grant->remaining = rate_left(&found->rate, charge->limit);
    grant->full_after_ns =
        rate_full_after_ns(&found->rate, charge->limit, site->now_ns);
}

void rates_take(const struct site *site, const struct charge *charge,
                struct quota_grant *grant)
{
    const struct limit *limit = charge->limit;
    struct record record = record_find(site, charge);
    struct admission admission = { .granted = record.granted };
    struct found found;

    find(site, charge, &found);
    if (!record.is_known)
        admission = take(site, charge, &found, &record);
    grant->granted = admission.granted;
    grant->is_refused = admission.is_refused;
    grant->valid_for_ns =
        rate_valid_ns(&found.rate, limit, site->now_ns, admission.granted);
    if (admission.is_refused)
        grant->retry_after_ns =
            rate_wait_ns(&found.rate, limit, site->now_ns,
                         charge->is_best_effort ? 1 : charge->amount);
    fill_look(site, charge, &found, grant);
}

void rates_give_back(const struct site *site, const struct charge *charge,
                     struct quota_grant *grant)
{
    struct record record = record_find(site, charge);
    struct found found;

    find(site, charge, &found);
    grant->granted = record.granted;
    if (!record.is_known) {
        /* No key has more than LIMIT_AMOUNT_MAX in use. */
        grant->granted = rate_give_back(&found.rate, charge->limit,
                                        charge->amount < -LIMIT_AMOUNT_MAX
                                            ? LIMIT_AMOUNT_MAX
                                            : -charge->amount);
        if (grant->granted > 0)
            keep(site, charge, &found);
        record_keep(site, charge, &record, grant->granted);
    }
    fill_look(site, charge, &found, grant);
}

void rates_look(const struct site *site, const struct charge *charge,
                struct quota_grant *grant)
{
    struct found found;

    find(site, charge, &found);
    fill_look(site, charge, &found, grant);
}
