#include "quota/redis/result.h"

#include "policy/base/clock.h"
#include "quota/algo/token_bucket.h"
#include "quota/redis/row.h"

#include <stdlib.h>

/* FAILED of the script. */
#define FAILED INT64_C(2000000000)

/* BEFORE of the script. */
#define BEFORE INT64_C(3000000000)

/* No time that the script tells is longer. */
#define TIME_MAX_US (INT64_MAX / MICROSECOND)

/* What the script returned for one charge. */
struct returned {
    bool is_refused;
    int64_t granted, used, left;
    int64_t first, second; /* of the kind */
};

static uint32_t result_count_of(const struct charge *charge)
{
    return row_result_count(row_kind_of(charge->limit->algorithm));
}

uint32_t result_count_of_take(const struct take *take)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < take->count; i++)
        count += result_count_of(&take->charges[i]);
    return count;
}

uint32_t result_count_of_release(const struct release *release)
{
    return release->count * row_result_count(ROW_LEASES);
}

/* -- Reading -- */

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return min <= value && value <= max;
}

static bool read_charge(const int64_t *integers, int64_t before, uint32_t count,
                        struct returned *returned)
{
    int64_t granted = integers[0] - before;

    *returned = (struct returned){
        .is_refused = granted < 0,
        .granted = granted < 0 ? -1 - granted : granted,
        .left = integers[1],
        .first = count > 2 ? integers[2] : 0,
        .second = count > 3 ? integers[3] : 0,
    };
    return is_within(granted, -ROW_EVERYTHING, LIMIT_AMOUNT_MAX) &&
           is_within(returned->left, -LIMIT_AMOUNT_MAX, LIMIT_AMOUNT_MAX) &&
           is_within(returned->first, -1, TIME_MAX_US) &&
           is_within(returned->second, 0, TIME_MAX_US);
}

/* What was refused, or would be. */
static int64_t wanted(const struct charge *charge)
{
    return charge->is_best_effort ? 1 : charge->amount;
}

/* The times must fit to the use. */
static bool can_be_window(const struct returned *returned,
                          const struct charge *charge)
{
    bool is_used = returned->used > 0;

    if (charge->limit->algorithm == LIMIT_FIXED_WINDOW)
        return returned->first >= 0 && (returned->first > 0) == is_used;
    return (returned->second > 0) == is_used &&
           returned->first <= returned->second &&
           (returned->first < 0) == (returned->is_refused &&
                                     wanted(charge) > charge->limit->amount) &&
           (returned->is_refused || returned->first == 0);
}

/* Only what takes can be refused, and nothing has more than all. */
static bool can_be(const struct returned *returned, const struct charge *charge)
{
    const struct limit *limit = charge->limit;

    if (returned->is_refused && charge->amount <= 0)
        return false;
    if (!is_within(returned->used, 0, LIMIT_AMOUNT_MAX))
        return false;
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return returned->first >= 0 &&
               (returned->first == 0 || returned->used > 0) &&
               returned->first <= LIMIT_PERIOD_MAX_NS / MICROSECOND &&
               returned->first * MICROSECOND < limit->period_ns;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
        return can_be_window(returned, charge);
    case LIMIT_CONCURRENCY:
        return true;
    }
    abort();
}

/* -- Answering -- */

static void fill_bucket(struct quota_grant *grant, const struct charge *charge,
                        const struct returned *returned)
{
    const struct limit *limit = charge->limit;
    struct token_bucket bucket = {
        .used = returned->used,
        .part = returned->first * MICROSECOND,
    };
    int64_t idle_ns = token_bucket_idle_ns(&bucket, limit);

    grant->full_after_ns = idle_ns == INT64_MAX ? -1 : idle_ns;
    if (charge->amount > 0)
        grant->valid_for_ns = token_bucket_time_ns(limit, returned->granted);
    if (returned->is_refused)
        grant->retry_after_ns =
            token_bucket_wait_ns(&bucket, limit, wanted(charge));
}

static int64_t fixed_wait_ns(const struct charge *charge,
                             const struct returned *returned)
{
    if (wanted(charge) > charge->limit->amount)
        return -1;
    /* Another charge of the same Check may have been in its way. */
    return wanted(charge) <= returned->left ? 0 : returned->first * MICROSECOND;
}

static void fill_fixed(struct quota_grant *grant, const struct charge *charge,
                       const struct returned *returned)
{
    grant->full_after_ns = returned->first * MICROSECOND;
    if (charge->amount > 0 && returned->granted > 0)
        grant->valid_for_ns = returned->first * MICROSECOND;
    if (returned->is_refused)
        grant->retry_after_ns = fixed_wait_ns(charge, returned);
}

static void fill_rolling(struct quota_grant *grant, const struct charge *charge,
                         const struct returned *returned)
{
    grant->full_after_ns = returned->second * MICROSECOND;
    if (charge->amount > 0 && returned->granted > 0)
        grant->valid_for_ns = charge->limit->period_ns;
    if (returned->is_refused)
        grant->retry_after_ns =
            returned->first < 0 ? -1 : returned->first * MICROSECOND;
}

/* When somebody releases, nobody knows. */
static void fill_leases(struct quota_grant *grant, const struct charge *charge,
                        const struct returned *returned)
{
    grant->full_after_ns = returned->used > 0 ? -1 : 0;
    grant->has_lease = charge->amount > 0 && returned->granted > 0;
    if (returned->is_refused)
        grant->retry_after_ns = -1;
}

static void fill_grant(struct quota_grant *grant, const struct charge *charge,
                       const struct returned *returned)
{
    grant->granted = returned->granted;
    grant->remaining = returned->left > 0 ? returned->left : 0;
    grant->is_refused = returned->is_refused;
    grant->is_outage = grant->is_local = grant->has_lease = false;
    grant->valid_for_ns = grant->retry_after_ns = 0;
    switch (charge->limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        fill_bucket(grant, charge, returned);
        break;
    case LIMIT_FIXED_WINDOW:
        fill_fixed(grant, charge, returned);
        break;
    case LIMIT_ROLLING_WINDOW:
        fill_rolling(grant, charge, returned);
        break;
    case LIMIT_CONCURRENCY:
        fill_leases(grant, charge, returned);
        break;
    }
}

/* The most that may be in use: as the row of the charge says. */
static int64_t limit_of(const struct limit *limit)
{
    if (limit->algorithm == LIMIT_TOKEN_BUCKET && limit->amount > 0)
        return limit->burst;
    return limit->amount;
}

/* Fills the grant; false: malformed. before: what to subtract from what was
 * granted. */
static bool read_grant(const int64_t *integers, struct take *take,
                       uint32_t index, int64_t before)
{
    const struct charge *charge = &take->charges[index];
    struct returned returned;

    if (!read_charge(integers, before, result_count_of(charge), &returned))
        return false;
    returned.used = limit_of(charge->limit) - returned.left;
    if (!can_be(&returned, charge))
        return false;
    fill_grant(&take->grants[index], charge, &returned);
    if (returned.is_refused && !charge->is_shadow)
        take->status = TAKE_REFUSED;
    return true;
}

/* repeats: NULL: nobody wants to know. */
static enum result read_take(const int64_t *integers, struct take *take,
                             uint32_t *repeats)
{
    uint32_t order[QUOTAS_PER_CHECK_MAX];

    if (integers[0] == FAILED)
        return RESULT_FAILED;
    row_order(take, order);
    take->status = TAKE_GRANTED;
    for (uint32_t n = 0; n < take->count; n++) {
        bool is_repeat = repeats && integers[0] > BEFORE;

        if (!read_grant(integers, take, order[n], is_repeat ? BEFORE : 0))
            return RESULT_MALFORMED;
        if (is_repeat)
            *repeats |= UINT32_C(1) << order[n];
        integers += result_count_of(&take->charges[order[n]]);
    }
    return RESULT_READ;
}

enum result result_read_take(const int64_t *integers, struct take *take)
{
    return read_take(integers, take, NULL);
}

enum result result_read_part(const int64_t *integers, struct part *part)
{
    uint32_t repeats = 0;
    enum result result = read_take(integers, &part->take, &repeats);

    if (!part->is_undo)
        part->repeats = repeats;
    return result;
}

enum result result_read_release(const int64_t *integers,
                                struct release *release)
{
    uint32_t count = row_result_count(ROW_LEASES);

    if (integers[0] == FAILED)
        return RESULT_FAILED;
    release->released = 0;
    for (uint32_t i = 0; i < release->count; i++) {
        struct returned returned;

        if (!read_charge(integers, 0, count, &returned) || returned.is_refused)
            return RESULT_MALFORMED;
        release->released += returned.granted;
        integers += count;
    }
    return RESULT_READ;
}
