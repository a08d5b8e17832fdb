#include "quota/redis/split.h"

#include <assert.h>
#include <string.h>

/* -- Splitting -- */

/* The part of a slot; a new one if there is none. */
static struct part *find_part(struct part *parts, uint32_t *count,
                              uint16_t slot, bool gives_back)
{
    for (uint32_t i = 0; i < *count; i++)
        if (parts[i].slot == slot && parts[i].gives_back == gives_back)
            return &parts[i];
    assert(*count < QUOTAS_PER_CHECK_MAX);
    parts[*count] = (struct part){ .slot = slot, .gives_back = gives_back };
    return &parts[(*count)++];
}

static void add_charges(const struct take *take, const uint16_t *slots,
                        bool gives_back, struct part *parts, uint32_t *count)
{
    for (uint32_t i = 0; i < take->count; i++) {
        struct part *part;
        uint32_t n;

        if ((take->charges[i].amount < 0) != gives_back)
            continue;
        part = find_part(parts, count, slots[i], gives_back);
        n = part->take.count++;
        part->take.charges[n] = take->charges[i];
        part->take.grants[n] = take->grants[i];
        part->places[n] = (uint8_t)i;
    }
}

uint32_t split_take(const struct take *take, const uint16_t *slots,
                    struct part parts[QUOTAS_PER_CHECK_MAX])
{
    uint32_t count = 0;

    add_charges(take, slots, false, parts, &count);
    add_charges(take, slots, true, parts, &count);
    return count;
}

uint32_t split_release(const struct release *release, const uint16_t *slots,
                       struct part parts[QUOTAS_PER_CHECK_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < release->count; i++) {
        struct part *part = find_part(parts, &count, slots[i], true);

        part->release.leases[part->release.count++] = release->leases[i];
    }
    return count;
}

/* -- Answers -- */

void split_note(struct take *take, struct part *part)
{
    part->status = part->take.status;
    if (part->status == TAKE_OUTAGE)
        return;
    for (uint32_t i = 0; i < part->take.count; i++)
        take->grants[part->places[i]] = part->take.grants[i];
}

/* A refusal is certain, whatever the others would have said. */
enum take_status split_status(const struct part *parts, uint32_t count)
{
    enum take_status status = TAKE_GRANTED;

    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].status == TAKE_REFUSED)
            return TAKE_REFUSED;
        if (parts[i].status == TAKE_OUTAGE)
            status = TAKE_OUTAGE;
    }
    return status;
}

/* -- Undoing -- */

/* How much of what a charge got is to be given back. */
static int64_t units_to_undo(const struct part *part, uint32_t index)
{
    const struct charge *charge = &part->take.charges[index];

    if (charge->amount <= 0 || (part->repeats >> index & 1))
        return 0;
    switch (part->status) {
    case TAKE_GRANTED:
        return part->take.grants[index].granted;
    case TAKE_REFUSED:
        return 0;
    case TAKE_OUTAGE:
        break;
    }
    return charge->limit->algorithm == LIMIT_CONCURRENCY && !charge->has_id
               ? charge->amount
               : 0;
}

static bool undo_charge(struct part *part, uint32_t index)
{
    struct charge *charge = &part->take.charges[index];
    int64_t units = units_to_undo(part, index);

    charge->amount = -units;
    charge->is_best_effort = charge->is_shadow = false;
    if (charge->limit->algorithm == LIMIT_CONCURRENCY && units > 0) {
        charge->has_id = true;
        memcpy(charge->id.bytes, part->take.grants[index].lease_id,
               sizeof(charge->id.bytes));
    }
    return units > 0;
}

bool split_undo(struct part *part)
{
    bool has_any = false;

    for (uint32_t i = 0; i < part->take.count; i++)
        has_any |= undo_charge(part, i);
    part->is_undo = true;
    /* What would have given back was not made; its keys are only looked at. */
    return has_any || part->gives_back;
}

/* -- Joining -- */

/* What a charge says that was granted, or not made, and is undone. */
static void withdraw(struct quota_grant *grant, const struct part *part,
                     uint32_t index)
{
    const struct quota_grant *now = &part->take.grants[index];
    bool is_made = part->status == TAKE_GRANTED && !part->gives_back;
    bool is_repeat = part->repeats >> index & 1;

    if (!is_made)
        *grant = (struct quota_grant){ .remaining = -1, .full_after_ns = -1 };
    else if (!is_repeat && grant->remaining >= 0)
        grant->remaining += grant->granted;
    grant->granted = grant->valid_for_ns = 0;
    grant->has_lease = false;
    if (part->is_undo && part->take.status == TAKE_GRANTED) {
        grant->remaining = now->remaining;
        grant->full_after_ns = now->full_after_ns;
    }
}

void split_join(struct take *take, const struct part *parts, uint32_t count,
                enum take_status status)
{
    take->status = status;
    if (status != TAKE_REFUSED)
        return;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t n = 0;
             n < parts[i].take.count && parts[i].status != TAKE_REFUSED; n++)
            withdraw(&take->grants[parts[i].places[n]], &parts[i], n);
}

int64_t split_released(const struct part *parts, uint32_t count)
{
    int64_t released = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].release.released < 0)
            return -1;
        released += parts[i].release.released;
    }
    return released;
}
