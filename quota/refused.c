#include "quota/refused.h"

#include "policy/base/clock.h"

#include <stdlib.h>
#include <string.h>

/* A record may live a bit longer than it should: Redis counts milliseconds, and
 * by a clock that is not ours. */
#define RECORD_ROUNDING_NS (2 * MILLISECOND)
#define RECORD_DRIFT_ONE_IN 1000

void refused_init(struct refused *refused)
{
    *refused = (struct refused){
        .sets = calloc(REFUSED_SETS, sizeof(refused->sets[0])),
    };
    if (!refused->sets)
        abort();
}

void refused_fini(struct refused *refused)
{
    free(refused->sets);
}

static int64_t later(int64_t from_ns, int64_t by_ns)
{
    int64_t then_ns;

    return __builtin_add_overflow(from_ns, by_ns, &then_ns) ? INT64_MAX
                                                            : then_ns;
}

static struct remembered *set_of(const struct refused *refused,
                                 const struct quota_id *key)
{
    uint32_t bits;

    memcpy(&bits, key->bytes, sizeof(bits));
    return refused->sets[bits % REFUSED_SETS];
}

static bool is_same(const struct quota_id *a, const struct quota_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool is_key(const struct remembered *refusal, const struct quota_id *key)
{
    return refusal->needed > 0 && is_same(&refusal->key, key);
}

/* ---- which charges ----------------------------------------------------- */

/* Without so much left, it is refused. */
static int64_t needed_by(const struct charge *charge)
{
    return charge->is_best_effort ? 1 : charge->amount;
}

static bool is_rate(const struct charge *charge)
{
    return charge->limit->algorithm != LIMIT_CONCURRENCY;
}

/* Whether it can be refused for a while. */
static bool can_be_refused(const struct charge *charge)
{
    return is_rate(charge) && charge->amount > 0 && !charge->is_shadow;
}

static bool only_takes(const struct take *take)
{
    for (uint32_t i = 0; i < take->count; i++)
        if (take->charges[i].amount <= 0)
            return false;
    return true;
}

bool refused_is_outdated_by(const struct take *take)
{
    for (uint32_t i = 0; i < take->count; i++)
        if (take->charges[i].amount < 0 && is_rate(&take->charges[i]))
            return true;
    return false;
}

/* Else its refusal may be owed to another charge, which was not made then. */
static bool has_key_alone(const struct take *take, uint32_t index)
{
    for (uint32_t i = 0; i < take->count; i++)
        if (i != index &&
            is_same(&take->charges[i].key, &take->charges[index].key))
            return false;
    return true;
}

/* ---- answering --------------------------------------------------------- */

/* From when on nothing can be recorded as granted that is refused since. */
static int64_t unrecorded_ns(const struct charge *charge, int64_t since_ns)
{
    int64_t dedup_ns = charge->limit->dedup_ns;

    if (!charge->has_id || dedup_ns == 0)
        return since_ns;
    return later(since_ns, dedup_ns + dedup_ns / RECORD_DRIFT_ONE_IN +
                               RECORD_ROUNDING_NS);
}

static int64_t until_ns(const struct remembered *refusal)
{
    int64_t kept_ns = later(refusal->asked_ns, REFUSED_KEEP_NS);

    return refusal->retry_ns < kept_ns ? refusal->retry_ns : kept_ns;
}

static bool holds(const struct remembered *refusal,
                  const struct refused_when *when)
{
    return refusal->generation == when->generation &&
           refusal->epoch == when->epoch && refusal->asked_ns <= when->now_ns &&
           when->now_ns < until_ns(refusal);
}

/* The refusal that answers the charge, or NULL. */
static const struct remembered *find(const struct refused *refused,
                                     const struct charge *charge,
                                     const struct refused_when *when)
{
    const struct remembered *set;

    if (!can_be_refused(charge))
        return NULL;
    set = set_of(refused, &charge->key);
    for (int i = 0; i < REFUSED_WAYS; i++)
        if (is_key(&set[i], &charge->key) &&
            set[i].needed == needed_by(charge) && holds(&set[i], when) &&
            when->now_ns >= unrecorded_ns(charge, set[i].since_ns))
            return &set[i];
    return NULL;
}

bool refused_answer(const struct refused *refused, struct take *take,
                    const struct refused_when *when)
{
    bool is_refused = false;

    if (when->now_ns >= refused->until_ns || !only_takes(take))
        return false;
    for (uint32_t i = 0; i < take->count; i++) {
        const struct remembered *refusal =
            find(refused, &take->charges[i], when);
        struct quota_grant grant = { .remaining = -1, .full_after_ns = -1 };

        if (refusal) {
            is_refused = grant.is_refused = true;
            grant.remaining = refusal->remaining;
            grant.retry_after_ns = refusal->retry_ns - when->now_ns;
        }
        take->grants[i] = grant;
    }
    if (is_refused)
        take->status = TAKE_REFUSED;
    return is_refused;
}

/* ---- learning ---------------------------------------------------------- */

/* What was taken, if less than was refused, makes the refusal last longer. */
static void forget(struct refused *refused, const struct quota_id *key)
{
    struct remembered *set = set_of(refused, key);

    for (int i = 0; i < REFUSED_WAYS; i++)
        if (is_key(&set[i], key))
            set[i].needed = 0;
}

/* The one of that key and amount; else the one that is missed least. */
static struct remembered *place_for(struct refused *refused,
                                    const struct charge *charge)
{
    struct remembered *set = set_of(refused, &charge->key);
    struct remembered *place = &set[0];

    for (int i = 0; i < REFUSED_WAYS; i++) {
        if (is_key(&set[i], &charge->key) && set[i].needed == needed_by(charge))
            return &set[i];
        if (place->needed > 0 &&
            (set[i].needed == 0 || set[i].asked_ns < place->asked_ns))
            place = &set[i];
    }
    return place;
}

/* Whether nothing can have been granted between a refusal and the next. */
static bool is_unbroken(const struct remembered *before,
                        const struct charge *charge,
                        const struct refused_when *when, int64_t answered_ns)
{
    return is_key(before, &charge->key) &&
           before->needed == needed_by(charge) &&
           before->generation == when->generation &&
           before->epoch == when->epoch && before->asked_ns <= when->now_ns &&
           answered_ns < before->retry_ns;
}

static void remember(struct refused *refused, const struct charge *charge,
                     const struct quota_grant *grant,
                     const struct refused_when *when, int64_t answered_ns)
{
    struct remembered *place = place_for(refused, charge);
    bool goes_on = is_unbroken(place, charge, when, answered_ns);

    *place = (struct remembered){
        .key = charge->key,
        .needed = needed_by(charge),
        .generation = when->generation,
        .epoch = when->epoch,
        .since_ns = goes_on ? place->since_ns : refused->latest_ns,
        .asked_ns = when->now_ns,
        /* By the time of asking: the store may have decided at once. */
        .retry_ns = later(when->now_ns, grant->retry_after_ns),
        .remaining = grant->remaining,
    };
    if (refused->until_ns < until_ns(place))
        refused->until_ns = until_ns(place);
}

void refused_learn(struct refused *refused, const struct take *take,
                   const struct refused_when *when, int64_t answered_ns)
{
    if (take->status == TAKE_OUTAGE)
        return;
    /* By the time of the answer: the store may have decided just then. */
    if (refused->latest_ns < answered_ns)
        refused->latest_ns = answered_ns;
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        const struct quota_grant *grant = &take->grants[i];

        if (!is_rate(charge))
            continue;
        if (grant->granted > 0)
            forget(refused, &charge->key);
        else if (take->status == TAKE_REFUSED && can_be_refused(charge) &&
                 grant->is_refused && grant->retry_after_ns > 0 &&
                 has_key_alone(take, i))
            remember(refused, charge, grant, when, answered_ns);
    }
}
