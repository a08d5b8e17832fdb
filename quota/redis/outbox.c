#include "quota/redis/outbox.h"

#include <assert.h>
#include <stdlib.h>

/* Of an int64_t, with its sign. */
#define DIGITS_MAX 20

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){ .bytes = malloc(OUTBOX_BYTES) };
    if (!outbox->bytes)
        abort();
}

void outbox_fini(struct outbox *outbox)
{
    free(outbox->bytes);
    *outbox = (struct outbox){ 0 };
}

static void put_bytes(struct outbox *outbox, struct str bytes)
{
    if (bytes.len > OUTBOX_BYTES - outbox->end) {
        outbox->is_overfull = true;
    } else if (bytes.len > 0) {
        memcpy(outbox->bytes + outbox->end, bytes.data, bytes.len);
        outbox->end += bytes.len;
    }
}

/* `value` in decimal, at the end of `digits`. */
static struct str to_digits(int64_t value, char digits[DIGITS_MAX])
{
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    char *at = digits + DIGITS_MAX;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    return (struct str){ at, (size_t)(digits + DIGITS_MAX - at) };
}

/* A line that announces arguments or bytes: "*3\r\n". */
static void put_count(struct outbox *outbox, struct str sign, size_t count)
{
    char digits[DIGITS_MAX];

    put_bytes(outbox, sign);
    put_bytes(outbox, to_digits((int64_t)count, digits));
    put_bytes(outbox, STR("\r\n"));
}

void outbox_begin(struct outbox *outbox, uint32_t argument_count)
{
    /* Moved seldom enough that a byte is moved once on average. */
    if (outbox->start >= OUTBOX_BYTES / 2) {
        memmove(outbox->bytes, outbox->bytes + outbox->start,
                outbox->end - outbox->start);
        outbox->end -= outbox->start;
        outbox->start = 0;
    }
    outbox->mark = outbox->end;
    outbox->is_overfull = false;
    put_count(outbox, STR("*"), argument_count);
}

void outbox_put_joined(struct outbox *outbox, const struct str *parts,
                       uint32_t part_count)
{
    size_t len = 0;

    for (uint32_t i = 0; i < part_count; i++)
        len += parts[i].len;
    put_count(outbox, STR("$"), len);
    for (uint32_t i = 0; i < part_count; i++)
        put_bytes(outbox, parts[i]);
    put_bytes(outbox, STR("\r\n"));
}

void outbox_put(struct outbox *outbox, struct str argument)
{
    outbox_put_joined(outbox, &argument, 1);
}

void outbox_put_i64(struct outbox *outbox, int64_t argument)
{
    char digits[DIGITS_MAX];

    outbox_put(outbox, to_digits(argument, digits));
}

bool outbox_end(struct outbox *outbox)
{
    if (outbox->is_overfull)
        outbox->end = outbox->mark;
    return !outbox->is_overfull;
}

struct str outbox_unsent(const struct outbox *outbox)
{
    return (struct str){ outbox->bytes + outbox->start,
                         outbox->end - outbox->start };
}

void outbox_sent(struct outbox *outbox, size_t count)
{
    assert(count <= outbox->end - outbox->start);
    outbox->start += count;
    if (outbox->start == outbox->end)
        outbox_clear(outbox);
}

void outbox_clear(struct outbox *outbox)
{
    outbox->start = outbox->end = 0;
}
