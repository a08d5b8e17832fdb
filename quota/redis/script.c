#include "quota/redis/script.h"

#include "quota/redis/row.h"

#include <assert.h>

static_assert(SCRIPT_CHARGES_MAX * 4 <= REPLY_INTEGERS_MAX,
              "a reply holds the results of all charges");

/* The rows of one call. */
struct rows {
    struct row rows[SCRIPT_CHARGES_MAX];
    uint32_t count;
};

static void add_row(struct rows *rows, struct row row)
{
    assert(rows->count < SCRIPT_CHARGES_MAX);
    rows->rows[rows->count++] = row;
}

static void add_take(struct rows *rows, const struct take *take)
{
    uint32_t order[QUOTAS_PER_CHECK_MAX];

    row_order(take, order);
    for (uint32_t n = 0; n < take->count; n++)
        add_row(rows, row_of_charge(&take->charges[order[n]],
                                    take->grants[order[n]].lease_id));
}

static void add_part(struct rows *rows, const struct part *part)
{
    const struct take *take = &part->take;
    uint32_t order[QUOTAS_PER_CHECK_MAX];

    row_order(take, order);
    for (uint32_t n = 0; n < take->count; n++)
        add_row(rows, row_of_part(part, order[n]));
}

static void add_release(struct rows *rows, const struct release *release)
{
    for (uint32_t i = 0; i < release->count; i++)
        add_row(rows, row_of_release(&release->leases[i]));
}

static void add_operation(struct rows *rows, const struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        add_take(rows, operation->take);
        break;
    case OPERATION_PART:
        add_part(rows, operation->part);
        break;
    case OPERATION_RELEASE:
        add_release(rows, operation->release);
        break;
    case OPERATION_HOLDERS:
    case OPERATION_GONE:
        return;
    }
    rows->rows[rows->count - 1].is_last = true;
}

/* command: EVALSHA with the sum of the script, or EVAL with its text. */
static bool put_call(struct outbox *outbox, struct str command,
                     struct str script, struct str prefix,
                     const struct rows *rows)
{
    char bytes[SCRIPT_CHARGES_MAX * ROW_BYTES_MAX];
    struct str packed = { bytes, 0 };
    uint32_t key_count = 0;

    for (uint32_t i = 0; i < rows->count; i++)
        key_count += row_key_count(&rows->rows[i]);
    outbox_begin(outbox, 4 + key_count);
    outbox_put(outbox, command);
    outbox_put(outbox, script);
    outbox_put_i64(outbox, key_count);
    for (uint32_t i = 0; i < rows->count; i++) {
        row_put_keys(&rows->rows[i], outbox, prefix);
        packed.len += row_pack(&rows->rows[i], bytes + packed.len);
    }
    outbox_put(outbox, packed);
    return outbox_end(outbox);
}

bool script_put(struct outbox *outbox, struct str prefix,
                const struct operation *const *operations, uint32_t count)
{
    struct rows rows;

    rows.count = 0;
    for (uint32_t i = 0; i < count; i++)
        add_operation(&rows, operations[i]);
    return put_call(outbox, STR("EVALSHA"), script_charge.sha1, prefix, &rows);
}

bool script_put_probe(struct outbox *outbox, struct str prefix,
                      const struct quota_id *key)
{
    struct rows rows;

    rows.count = 0;
    if (key)
        add_row(&rows, row_of_probe(key));
    return put_call(outbox, STR("EVAL"), script_charge.text, prefix, &rows);
}

bool script_put_load(struct outbox *outbox)
{
    outbox_begin(outbox, 3);
    outbox_put(outbox, STR("SCRIPT"));
    outbox_put(outbox, STR("LOAD"));
    outbox_put(outbox, script_charge.text);
    return outbox_end(outbox);
}

bool script_read_probe(const struct reply *reply)
{
    return reply->kind == REPLY_INTEGERS &&
           (reply->count == row_result_count(ROW_BUCKET) || reply->count == 0);
}

bool script_is_missing(const struct reply *reply)
{
    return reply->kind == REPLY_ERROR &&
           str_starts_with(str_of(reply->error), STR("NOSCRIPT"));
}
