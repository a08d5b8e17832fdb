#include "quota/redis/row.h"

#include "policy/base/clock.h"
#include "quota/redis/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* By kind: what the state's key ends in, and the results. */
static const struct {
    struct str suffix;
    uint32_t result_count;
} kinds[] = {
    [ROW_BUCKET] = { STR_INIT(":tokens"), 3 },
    [ROW_FIXED] = { STR_INIT(":window"), 3 },
    [ROW_ROLLING] = { STR_INIT(":rolling"), 4 },
    [ROW_LEASES] = { STR_INIT(":leases"), 2 },
};

/* The script counts the units of the calendar as we do. */
static_assert(CALENDAR_NONE == 0 && CALENDAR_SECOND == 1 &&
                  CALENDAR_MINUTE == 2 && CALENDAR_HOUR == 3 &&
                  CALENDAR_DAY == 4 && CALENDAR_WEEK == 5 &&
                  CALENDAR_MONTH == 6 && CALENDAR_YEAR == 7,
              "the units of lua/fixed_window.lua");

enum row_kind row_kind_of(enum limit_algorithm algorithm)
{
    switch (algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return ROW_BUCKET;
    case LIMIT_FIXED_WINDOW:
        return ROW_FIXED;
    case LIMIT_ROLLING_WINDOW:
        return ROW_ROLLING;
    case LIMIT_CONCURRENCY:
        return ROW_LEASES;
    }
    abort();
}

uint32_t row_result_count(enum row_kind kind)
{
    return kinds[kind].result_count;
}

/* -- Making rows -- */

void row_order(const struct take *take, uint32_t order[QUOTAS_PER_CHECK_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < take->count; i++)
        if (take->charges[i].amount >= 0)
            order[count++] = i;
    for (uint32_t i = 0; i < take->count; i++)
        if (take->charges[i].amount < 0)
            order[count++] = i;
}

static int64_t divide_up(int64_t dividend, int64_t divisor)
{
    return dividend / divisor + (dividend % divisor > 0);
}

static int64_t clamp_amount(int64_t amount)
{
    if (amount > ROW_EVERYTHING)
        return ROW_EVERYTHING;
    return amount < -ROW_EVERYTHING ? -ROW_EVERYTHING : amount;
}

/* Times are rounded up: less is free, never more. */
static void complete_rate(struct row *row, const struct charge *charge)
{
    const struct limit *limit = charge->limit;

    row->limit = limit->amount;
    row->span_us = divide_up(limit->period_ns, MICROSECOND);
    if (row->kind == ROW_BUCKET) {
        row->limit = limit->amount > 0 ? limit->burst : 0;
        row->rate = limit->amount;
    } else if (row->kind == ROW_FIXED) {
        row->rate = limit->calendar;
    } else {
        row->rate = divide_up(limit->bucket_ns, MICROSECOND);
    }
    if (charge->has_id && charge->amount != 0 && limit->dedup_ns > 0) {
        row->record_ms = divide_up(limit->dedup_ns, MILLISECOND);
        row->id = charge->id.bytes;
    }
}

static void complete_leases(struct row *row, const struct charge *charge,
                            const uint8_t *lease_id)
{
    const struct limit *limit = charge->limit;

    row->limit = limit->amount;
    row->span_us = divide_up(limit->lease_ns, MICROSECOND);
    if (charge->amount > 0) {
        row->id = lease_id;
    } else if (charge->has_id && !limit->release_any) {
        row->id = charge->id.bytes;
    } else if (charge->has_id && charge->amount < 0 && limit->dedup_ns > 0) {
        /* The id names no lease, but this release. */
        row->record_ms = divide_up(limit->dedup_ns, MILLISECOND);
        row->id = charge->id.bytes;
    }
}

struct row row_of_charge(const struct charge *charge, const uint8_t *lease_id)
{
    struct row row = {
        .kind = row_kind_of(charge->limit->algorithm),
        .quota = charge->quota,
        .key = &charge->key,
        .amount = clamp_amount(charge->amount),
        .is_best_effort = charge->is_best_effort,
        .is_shadow = charge->is_shadow,
    };

    if (row.kind == ROW_LEASES)
        complete_leases(&row, charge, lease_id);
    else
        complete_rate(&row, charge);
    return row;
}

struct row row_of_part(const struct part *part, uint32_t index)
{
    const struct charge *charge = &part->take.charges[index];
    struct row row = row_of_charge(charge, part->take.grants[index].lease_id);

    row.is_part = true;
    /* However its quota's leases may be released. */
    if (row.kind == ROW_LEASES && charge->amount < 0) {
        row.id = charge->id.bytes;
        row.record_ms = 0;
    }
    return row;
}

struct row row_of_release(const struct lease_name *lease)
{
    return (struct row){
        .kind = ROW_LEASES,
        .quota = lease->quota,
        .key = &lease->key,
        .amount = -ROW_EVERYTHING,
        .id = lease->id.bytes,
    };
}

struct row row_of_probe(const struct quota_id *key)
{
    /* Full again after a millisecond, so it can never refuse. */
    return (struct row){
        .kind = ROW_BUCKET,
        .is_last = true,
        .quota = ROW_PROBE,
        .key = key,
        .amount = 1,
        .limit = LIMIT_AMOUNT_MAX,
        .rate = LIMIT_AMOUNT_MAX,
        .span_us = MILLISECOND / MICROSECOND,
    };
}

/* -- Keys -- */

/* Of an id in a key. */
#define HEX_LEN (2 * sizeof(struct quota_id))

static struct str to_hex(const uint8_t *id, char hex[HEX_LEN])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(struct quota_id); i++) {
        hex[2 * i] = digits[id[i] >> 4];
        hex[2 * i + 1] = digits[id[i] & 15];
    }
    return (struct str){ hex, HEX_LEN };
}

uint16_t row_slot(struct str quota, const struct quota_id *key,
                  struct str prefix)
{
    char hex[HEX_LEN];
    const struct str parts[] = {
        prefix, STR("{"), quota, STR(":"), to_hex(key->bytes, hex), STR("}"),
    };

    return slot_of(parts, sizeof(parts) / sizeof(parts[0]));
}

uint32_t row_key_count(const struct row *row)
{
    return row->record_ms > 0 ? 2 : 1;
}

void row_put_keys(const struct row *row, struct outbox *outbox,
                  struct str prefix)
{
    char key[HEX_LEN], id[HEX_LEN];
    struct str parts[] = {
        prefix,
        STR("{"),
        row->quota,
        STR(":"),
        to_hex(row->key->bytes, key),
        STR("}"),
        kinds[row->kind].suffix,
        STR(""),
    };
    uint32_t part_count = sizeof(parts) / sizeof(parts[0]);

    outbox_put_joined(outbox, parts, part_count);
    if (row->record_ms == 0)
        return;
    /* Giving back is no retry of taking; to undo is about that. */
    parts[part_count - 2] =
        row->amount > 0 || row->is_part ? STR(":took:") : STR(":gave:");
    parts[part_count - 1] = to_hex(row->id, id);
    outbox_put_joined(outbox, parts, part_count);
}

/* -- Packing -- */

enum {
    FLAG_BEST_EFFORT = 1,
    FLAG_SHADOW = 2,
    FLAG_LAST = 4,
    FLAG_ID = 8,
    FLAG_PART = 16,
};

/* Little-endian; a negative one is its complement of two. */
static char *pack(char *at, int64_t value, uint32_t byte_count)
{
    for (uint32_t i = 0; i < byte_count; i++)
        *at++ = (char)((uint64_t)value >> (8 * i) & 0xff);
    return at;
}

size_t row_pack(const struct row *row, char bytes[ROW_BYTES_MAX])
{
    bool has_lease_id = row->id && row->record_ms == 0;
    char *at = bytes;

    at = pack(at, row->kind, 1);
    at = pack(at,
              (row->is_best_effort ? FLAG_BEST_EFFORT : 0) |
                  (row->is_shadow ? FLAG_SHADOW : 0) |
                  (row->is_last ? FLAG_LAST : 0) |
                  (has_lease_id ? FLAG_ID : 0) | (row->is_part ? FLAG_PART : 0),
              1);
    at = pack(at, row->amount, 4);
    at = pack(at, row->limit, 4);
    at = pack(at, row->rate, 8);
    at = pack(at, row->span_us, 8);
    at = pack(at, row->record_ms, 4);
    if (has_lease_id) {
        memcpy(at, row->id, sizeof(struct quota_id));
        at += sizeof(struct quota_id);
    }
    return (size_t)(at - bytes);
}
