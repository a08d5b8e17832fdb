#include "quota/redis/script.h"

#include "policy/base/clock.h"
#include "quota/algo/token_bucket.h"

#include <assert.h>
#include <stdlib.h>

/* The kinds of the script, and what its state's key ends in. */
struct kind {
    struct str name, suffix;
};
static const struct kind bucket = { STR_INIT("bucket"), STR_INIT(":tokens") };
static const struct kind leases = { STR_INIT("leases"), STR_INIT(":leases") };

/* One charge as the script sees it. */
struct row {
    const struct kind *kind;
    struct str quota;
    const struct quota_id *key;
    int64_t amount;
    bool is_best_effort, is_shadow;
    int64_t limit, rate, span_us, record_ms;
    struct str id;
};

/* FIELDS of the script, and the integers that it returns for each charge. */
#define ROW_ARGUMENTS 9
#define ROW_RESULTS 3
static_assert(ROW_RESULTS * QUOTAS_PER_CHECK_MAX <= REPLY_INTEGERS_MAX,
              "a reply holds the results of all charges");

/* More than there can be. */
#define EVERYTHING (LIMIT_AMOUNT_MAX + 1)

static int64_t divide_up(int64_t dividend, int64_t divisor)
{
    return dividend / divisor + (dividend % divisor > 0);
}

static int64_t clamp_amount(int64_t amount)
{
    if (amount > EVERYTHING)
        return EVERYTHING;
    return amount < -EVERYTHING ? -EVERYTHING : amount;
}

static struct str id_bytes(const uint8_t *bytes)
{
    return (struct str){ (const char *)bytes, sizeof(struct quota_id) };
}

static void complete_bucket_row(struct row *row, const struct charge *charge)
{
    const struct limit *limit = charge->limit;

    row->kind = &bucket;
    row->limit = limit->amount > 0 ? limit->burst : 0;
    row->rate = limit->amount;
    /* Rounded up: fewer tokens, never more. */
    row->span_us = divide_up(limit->period_ns, MICROSECOND);
    if (charge->has_id && charge->amount != 0) {
        row->record_ms = divide_up(limit->dedup_ns, MILLISECOND);
        row->id = id_bytes(charge->id.bytes);
    }
}

static void complete_leases_row(struct row *row, const struct charge *charge,
                                const uint8_t *lease_id)
{
    row->kind = &leases;
    row->limit = charge->limit->amount;
    row->span_us = divide_up(charge->limit->lease_ns, MICROSECOND);
    if (charge->amount > 0) {
        row->id = id_bytes(lease_id);
    } else if (charge->has_id && !charge->limit->release_any) {
        row->id = id_bytes(charge->id.bytes);
    } else if (charge->has_id && charge->amount < 0) {
        /* The id names no lease, but this release. */
        row->record_ms = divide_up(charge->limit->dedup_ns, MILLISECOND);
        if (row->record_ms > 0)
            row->id = id_bytes(charge->id.bytes);
    }
}

static struct row row_of_charge(const struct charge *charge,
                                const uint8_t *lease_id)
{
    struct row row = {
        .quota = charge->quota,
        .key = &charge->key,
        .amount = clamp_amount(charge->amount),
        .is_best_effort = charge->is_best_effort,
        .is_shadow = charge->is_shadow,
    };

    switch (charge->limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        complete_bucket_row(&row, charge);
        break;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
        abort();
    case LIMIT_CONCURRENCY:
        complete_leases_row(&row, charge, lease_id);
        break;
    }
    return row;
}

/* Of an id in a key. */
#define HEX_LEN (2 * sizeof(struct quota_id))

static struct str to_hex(struct str id, char hex[HEX_LEN])
{
    static const char digits[] = "0123456789abcdef";

    assert(2 * id.len <= HEX_LEN);
    for (size_t i = 0; i < id.len; i++) {
        hex[2 * i] = digits[(uint8_t)id.data[i] >> 4];
        hex[2 * i + 1] = digits[(uint8_t)id.data[i] & 15];
    }
    return (struct str){ hex, 2 * id.len };
}

static void put_state_key(struct outbox *outbox, struct str prefix,
                          struct str quota, const struct quota_id *key,
                          const struct kind *kind)
{
    char hex[HEX_LEN];
    struct str parts[] = {
        prefix,
        STR("{"),
        quota,
        STR(":"),
        to_hex(id_bytes(key->bytes), hex),
        STR("}"),
        kind->suffix,
    };

    outbox_put_joined(outbox, parts, sizeof(parts) / sizeof(parts[0]));
}

void script_put_leases_key(struct outbox *outbox, struct str prefix,
                           struct str quota, const struct quota_id *key)
{
    put_state_key(outbox, prefix, quota, key, &leases);
}

static void put_keys(struct outbox *outbox, struct str prefix,
                     const struct row *row)
{
    char key[HEX_LEN], id[HEX_LEN];
    /* Giving back is no retry of taking. */
    struct str record[] = {
        prefix,
        STR("{"),
        row->quota,
        STR(":"),
        to_hex(id_bytes(row->key->bytes), key),
        row->amount > 0 ? STR("}:took:") : STR("}:gave:"),
        to_hex(row->id, id),
    };

    put_state_key(outbox, prefix, row->quota, row->key, row->kind);
    if (row->record_ms > 0)
        outbox_put_joined(outbox, record, sizeof(record) / sizeof(record[0]));
}

static void put_arguments(struct outbox *outbox, const struct row *row)
{
    outbox_put(outbox, row->kind->name);
    outbox_put_i64(outbox, row->amount);
    outbox_put_i64(outbox, row->is_best_effort);
    outbox_put_i64(outbox, row->is_shadow);
    outbox_put_i64(outbox, row->limit);
    outbox_put_i64(outbox, row->rate);
    outbox_put_i64(outbox, row->span_us);
    outbox_put_i64(outbox, row->record_ms);
    outbox_put(outbox, row->id);
}

/* command: EVALSHA with the sum of the script, or EVAL with its text. */
static bool put_call(struct outbox *outbox, struct str command,
                     struct str script, struct str prefix,
                     const struct row *rows, uint32_t count)
{
    uint32_t key_count = count;

    for (uint32_t i = 0; i < count; i++)
        key_count += rows[i].record_ms > 0;
    outbox_begin(outbox, 3 + key_count + count * ROW_ARGUMENTS);
    outbox_put(outbox, command);
    outbox_put(outbox, script);
    outbox_put_i64(outbox, key_count);
    for (uint32_t i = 0; i < count; i++)
        put_keys(outbox, prefix, &rows[i]);
    for (uint32_t i = 0; i < count; i++)
        put_arguments(outbox, &rows[i]);
    return outbox_end(outbox);
}

bool script_put_take(struct outbox *outbox, struct str prefix,
                     const struct take *take)
{
    struct row rows[QUOTAS_PER_CHECK_MAX];

    for (uint32_t i = 0; i < take->count; i++)
        rows[i] = row_of_charge(&take->charges[i], take->grants[i].lease_id);
    return put_call(outbox, STR("EVALSHA"), script_charge.sha1, prefix, rows,
                    take->count);
}

bool script_put_release(struct outbox *outbox, struct str prefix,
                        const struct release *release)
{
    struct row rows[QUOTAS_PER_CHECK_MAX];

    for (uint32_t i = 0; i < release->count; i++) {
        const struct lease_name *lease = &release->leases[i];

        rows[i] = (struct row){
            .kind = &leases,
            .quota = lease->quota,
            .key = &lease->key,
            .amount = -EVERYTHING,
            .id = id_bytes(lease->id.bytes),
        };
    }
    return put_call(outbox, STR("EVALSHA"), script_charge.sha1, prefix, rows,
                    release->count);
}

bool script_put_probe(struct outbox *outbox, struct str prefix)
{
    static const struct quota_id key = { { 0 } };
    /* Full again after a millisecond, so it can never refuse. */
    struct row row = {
        .kind = &bucket,
        .quota = STR("probe"),
        .key = &key,
        .amount = 1,
        .limit = LIMIT_AMOUNT_MAX,
        .rate = LIMIT_AMOUNT_MAX,
        .span_us = MILLISECOND / MICROSECOND,
    };

    return put_call(outbox, STR("EVAL"), script_charge.text, prefix, &row, 1);
}

bool script_put_load(struct outbox *outbox)
{
    outbox_begin(outbox, 3);
    outbox_put(outbox, STR("SCRIPT"));
    outbox_put(outbox, STR("LOAD"));
    outbox_put(outbox, script_charge.text);
    return outbox_end(outbox);
}

/* What the script returned for one charge. */
struct result {
    bool is_refused;
    int64_t granted, left, part;
};

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return min <= value && value <= max;
}

static bool read_result(const struct reply *reply, uint32_t index,
                        struct result *result)
{
    const int64_t *integers = &reply->integers[(size_t)index * ROW_RESULTS];
    int64_t granted = integers[0];

    if (!is_within(granted, -EVERYTHING, LIMIT_AMOUNT_MAX) ||
        !is_within(integers[1], -LIMIT_AMOUNT_MAX, LIMIT_AMOUNT_MAX) ||
        !is_within(integers[2], 0, LIMIT_PERIOD_MAX_NS / MICROSECOND - 1))
        return false;
    *result = (struct result){
        .is_refused = granted < 0,
        .granted = granted < 0 ? -1 - granted : granted,
        .left = integers[1],
        .part = integers[2],
    };
    return true;
}

static bool has_results(const struct reply *reply, uint32_t count)
{
    return reply->kind == REPLY_INTEGERS && reply->count == count * ROW_RESULTS;
}

/* Only what takes can be refused, and nothing has more than all. */
static bool can_be(const struct result *result, const struct charge *charge)
{
    const struct limit *limit = charge->limit;
    bool is_bucket = limit->algorithm == LIMIT_TOKEN_BUCKET;
    int64_t part_ns = result->part * MICROSECOND;

    return (charge->amount > 0 || !result->is_refused) &&
           result->left <= (is_bucket ? limit->burst : limit->amount) &&
           (part_ns == 0 || (is_bucket && part_ns < limit->period_ns));
}

/* When a bucket that refused will have what is wanted. */
static int64_t retry_after_ns(const struct charge *charge,
                              const struct result *result)
{
    const struct limit *limit = charge->limit;
    struct token_bucket state = {
        .used = limit->burst - result->left,
        .part = result->part * MICROSECOND,
    };

    if (limit->algorithm != LIMIT_TOKEN_BUCKET)
        return -1;
    return token_bucket_wait_ns(&state, limit,
                                charge->is_best_effort ? 1 : charge->amount);
}

static void fill_grant(struct quota_grant *grant, const struct charge *charge,
                       const struct result *result)
{
    const struct limit *limit = charge->limit;
    int64_t taken = charge->amount > 0 ? result->granted : 0;

    grant->granted = result->granted;
    grant->remaining = result->left > 0 ? result->left : 0;
    grant->is_refused = result->is_refused;
    grant->is_outage = false;
    grant->retry_after_ns =
        result->is_refused ? retry_after_ns(charge, result) : 0;
    grant->valid_for_ns = 0;
    grant->has_lease = false;
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        grant->valid_for_ns = token_bucket_time_ns(limit, taken);
        break;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
        abort();
    case LIMIT_CONCURRENCY:
        grant->has_lease = taken > 0;
        break;
    }
}

bool script_read_take(const struct reply *reply, struct take *take)
{
    if (!has_results(reply, take->count))
        return false;
    take->status = TAKE_GRANTED;
    for (uint32_t i = 0; i < take->count; i++) {
        struct result result;

        if (!read_result(reply, i, &result) ||
            !can_be(&result, &take->charges[i]))
            return false;
        fill_grant(&take->grants[i], &take->charges[i], &result);
        if (result.is_refused && !take->charges[i].is_shadow)
            take->status = TAKE_REFUSED;
    }
    return true;
}

bool script_read_release(const struct reply *reply, struct release *release)
{
    if (!has_results(reply, release->count))
        return false;
    release->released = 0;
    for (uint32_t i = 0; i < release->count; i++) {
        struct result result;

        if (!read_result(reply, i, &result) || result.is_refused)
            return false;
        release->released += result.granted;
    }
    return true;
}

bool script_read_probe(const struct reply *reply)
{
    return has_results(reply, 1);
}

bool script_is_missing(const struct reply *reply)
{
    return reply->kind == REPLY_ERROR &&
           str_starts_with(str_of(reply->error), STR("NOSCRIPT"));
}
