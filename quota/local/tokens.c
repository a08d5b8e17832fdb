#include "quota/local/tokens.h"

#include "quota/algo/admit.h"
#include "quota/algo/token_bucket.h"
#include "quota/local/record.h"

/* A bucket as it is now, and its node, or NULL. */
struct found {
    struct node *node;
    struct token_bucket bucket;
};

static struct found find(const struct site *site, const struct charge *charge)
{
    struct found found = {
        .node = shard_find(site->shard, NODE_BUCKET, &charge->key),
    };

    if (found.node)
        found.bucket = found.node->bucket;
    token_bucket_regain(&found.bucket, charge->limit, site->now_ns);
    return found;
}

static void keep(const struct site *site, const struct charge *charge,
                 struct found *found)
{
    if (found->bucket.used == 0) {
        shard_drop(site->shard, found->node);
        return;
    }
    if (found->node)
        shard_touch(site->shard, found->node);
    else
        found->node = shard_add(site->shard, NODE_BUCKET, &charge->key);
    found->node->bucket = found->bucket;
    found->node->ends_ns =
        site_later(found->bucket.at_ns,
                   token_bucket_idle_ns(&found->bucket, charge->limit));
}

static struct admission take(const struct site *site,
                             const struct charge *charge, struct found *found,
                             const struct record *record)
{
    struct admission admission =
        admit(token_bucket_left(&found->bucket, charge->limit), charge->amount,
              charge->is_best_effort, charge->is_shadow);

    if (admission.granted > 0) {
        token_bucket_take(&found->bucket, admission.granted);
        keep(site, charge, found);
        record_keep(site, charge, record, admission.granted);
    }
    return admission;
}

void tokens_take(const struct site *site, const struct charge *charge,
                 struct quota_grant *grant)
{
    const struct limit *limit = charge->limit;
    struct found found = find(site, charge);
    struct record record = record_find(site, charge);
    struct admission admission = { .granted = record.granted };

    if (!record.is_known)
        admission = take(site, charge, &found, &record);
    grant->granted = admission.granted;
    grant->is_refused = admission.is_refused;
    grant->remaining = token_bucket_left(&found.bucket, limit);
    grant->valid_for_ns = token_bucket_time_ns(limit, admission.granted);
    if (admission.is_refused)
        grant->retry_after_ns = token_bucket_wait_ns(
            &found.bucket, limit, charge->is_best_effort ? 1 : charge->amount);
}

void tokens_give_back(const struct site *site, const struct charge *charge,
                      struct quota_grant *grant)
{
    struct found found = find(site, charge);
    struct record record = record_find(site, charge);

    grant->granted = record.granted;
    if (!record.is_known) {
        /* No bucket holds more than LIMIT_AMOUNT_MAX. */
        grant->granted = token_bucket_give_back(
            &found.bucket, charge->amount < -LIMIT_AMOUNT_MAX
                               ? LIMIT_AMOUNT_MAX
                               : -charge->amount);
        if (grant->granted > 0)
            keep(site, charge, &found);
        record_keep(site, charge, &record, grant->granted);
    }
    grant->remaining = token_bucket_left(&found.bucket, charge->limit);
}

int64_t tokens_left(const struct site *site, const struct charge *charge)
{
    struct found found = find(site, charge);

    return token_bucket_left(&found.bucket, charge->limit);
}
