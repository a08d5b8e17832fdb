#include "quota/redis/holders.h"

#include "policy/base/clock.h"
#include "quota/redis/row.h"

#include <assert.h>
#include <endian.h>

/* Before the leases, and of each of them. */
#define HEAD_INTEGERS HOLDERS_INTEGERS_MIN
#define ID_WORDS 4
#define LEASE_INTEGERS (ID_WORDS + 2)
static_assert(HEAD_INTEGERS + LEASE_INTEGERS * HOLDERS_MAX <=
                  REPLY_INTEGERS_MAX,
              "a reply holds all leases that are listed");
static_assert(ID_WORDS * sizeof(uint32_t) == sizeof(struct quota_id),
              "an id is so many words");

bool holders_put(struct outbox *outbox, struct str prefix,
                 const struct holders *holders)
{
    const struct lease_name any = { .quota = holders->quota,
                                    .key = holders->key };
    const struct row row = row_of_release(&any);

    outbox_begin(outbox, 6);
    outbox_put(outbox, STR("EVAL"));
    outbox_put(outbox, script_holders.text);
    outbox_put_i64(outbox, 1);
    row_put_keys(&row, outbox, prefix);
    outbox_put_i64(outbox, HOLDERS_MAX);
    outbox_put_i64(outbox, HOLDERS_COUNT_MAX);
    return outbox_end(outbox);
}

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return min <= value && value <= max;
}

static bool read_lease(const int64_t *integers, struct holder *holder)
{
    int64_t units = integers[ID_WORDS], ends_us = integers[ID_WORDS + 1];

    for (size_t i = 0; i < ID_WORDS; i++) {
        uint32_t word = htobe32((uint32_t)integers[i]);

        if (!is_within(integers[i], 0, UINT32_MAX))
            return false;
        memcpy(holder->id.bytes + i * sizeof(word), &word, sizeof(word));
    }
    if (!is_within(units, 1, LIMIT_AMOUNT_MAX) ||
        !is_within(ends_us, 0, INT64_MAX / MICROSECOND))
        return false;
    holder->units = units;
    holder->ends_in_ns = ends_us * MICROSECOND;
    return true;
}

bool holders_read(const struct reply *reply, struct holders *holders)
{
    const int64_t *integers = reply->integers;
    uint32_t count;

    if (reply->kind != REPLY_INTEGERS || reply->count < HEAD_INTEGERS ||
        (reply->count - HEAD_INTEGERS) % LEASE_INTEGERS != 0)
        return false;
    count = (reply->count - HEAD_INTEGERS) / LEASE_INTEGERS;
    if (count > HOLDERS_MAX || !is_within(integers[0], 0, INT64_MAX) ||
        !is_within(integers[1], count, HOLDERS_COUNT_MAX))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_lease(&integers[HEAD_INTEGERS + i * LEASE_INTEGERS],
                        &holders->items[i]))
            return false;
    holders->units = integers[0];
    holders->lease_count = (uint32_t)integers[1];
    holders->count = count;
    holders->is_outage = false;
    return true;
}
