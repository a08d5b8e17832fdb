#include "proto/server/admin/quota_usage.h"

#include "policy/base/clock.h"
#include "quota/await.h"

/* A step of a reset ends so many units, or what the leases hold that are
 * listed, if that is more. */
#define STEP_UNITS 512

static int64_t capacity(const struct limit *limit)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return limit->amount > 0 ? limit->burst : 0;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
    case LIMIT_CONCURRENCY:
        break;
    }
    return limit->amount;
}

static bool has_leases(const struct quota_subject *subject)
{
    return subject->limit->algorithm == LIMIT_CONCURRENCY;
}

/* Takes `amount`, <= 0. False: an outage. */
static bool take(struct store *store, const struct quota_subject *subject,
                 int64_t amount, struct quota_grant *grant)
{
    struct take take = {
        .charges = { {
            .limit = subject->limit,
            .quota = subject->quota,
            .key = store_hash(store, subject->key.bytes),
            .text = subject->key.text,
            .amount = amount,
        } },
        .count = 1,
        .deadline_ns = clock_boot_ns() + USAGE_OPERATION_NS,
    };

    await_take(store, &take);
    *grant = take.grants[0];
    return take.status != TAKE_OUTAGE;
}

/* False: an outage. */
static bool list(struct store *store, const struct quota_subject *subject,
                 struct holders *holders)
{
    *holders = (struct holders){
        .quota = subject->quota,
        .key = store_hash(store, subject->key.bytes),
        .deadline_ns = clock_boot_ns() + USAGE_OPERATION_NS,
    };
    await_holders(store, holders);
    return !holders->is_outage;
}

/* When the last of all leases ends; -1 if it is not listed. */
static int64_t last_end_ns(const struct holders *holders)
{
    if (holders->count == 0 || holders->count < holders->lease_count)
        return -1;
    return holders->items[holders->count - 1].ends_in_ns;
}

bool quota_usage_look(struct quota_usage *usage, struct store *store,
                      const struct quota_subject *subject)
{
    struct quota_grant grant;

    usage->limit = capacity(subject->limit);
    usage->has_leases = has_leases(subject);
    if (!take(store, subject, 0, &grant))
        return false;
    usage->remaining = grant.remaining;
    usage->used = usage->limit - grant.remaining;
    usage->full_after_ns = grant.full_after_ns;
    if (usage->has_leases) {
        if (!list(store, subject, &usage->holders))
            return false;
        usage->used = usage->holders.units;
        usage->full_after_ns = last_end_ns(&usage->holders);
    }
    /* A store that says 0 of what is in use does not know. */
    if (usage->used == 0)
        usage->full_after_ns = 0;
    else if (usage->full_after_ns <= 0)
        usage->full_after_ns = -1;
    return true;
}

static int64_t step_units(const struct holders *holders)
{
    int64_t units = 0;

    for (uint32_t i = 0; i < holders->count; i++)
        units += holders->items[i].units;
    return units > STEP_UNITS ? units : STEP_UNITS;
}

static bool end_leases(struct store *store, const struct quota_subject *subject,
                       int64_t *released)
{
    int64_t until_ns = clock_boot_ns() + USAGE_RESET_NS;
    struct holders holders;
    int64_t wanted;

    if (!list(store, subject, &holders))
        return false;
    wanted = holders.units;
    while (*released < wanted && clock_boot_ns() < until_ns) {
        int64_t rest = wanted - *released, step = step_units(&holders);
        struct quota_grant grant;

        if (!take(store, subject, rest < step ? -rest : -step, &grant))
            return false;
        *released += grant.granted;
        if (grant.granted == 0)
            break; /* its holders were faster */
        if (!list(store, subject, &holders))
            return false;
    }
    return true;
}

bool quota_usage_reset(struct store *store, const struct quota_subject *subject,
                       int64_t *released)
{
    struct quota_grant grant;

    *released = 0;
    if (has_leases(subject))
        return end_leases(store, subject, released);
    if (!take(store, subject, INT64_MIN, &grant))
        return false;
    *released = grant.granted;
    return true;
}
