#include "quota/redis/slots.h"

#include <assert.h>
#include <string.h>

/* The bits that leave at the top come in again as the polynomial says, by x^12,
 * x^5 and 1; and so do the upper four of them once more, which x^12 lifts over
 * the top. No table: its look-ups would have to wait for each other. */
static uint16_t add_byte(uint16_t crc, char byte)
{
    unsigned leaving = crc >> 8 ^ (uint8_t)byte;

    leaving ^= leaving >> 4;
    return (uint16_t)((unsigned)crc << 8 ^ leaving << 12 ^ leaving << 5 ^
                      leaving);
}

uint16_t slot_crc16(struct str bytes)
{
    uint16_t crc = 0;

    for (size_t i = 0; i < bytes.len; i++)
        crc = add_byte(crc, bytes.data[i]);
    return crc;
}

/* A key as far as it was read. Only its first pair of braces counts. */
struct reading {
    enum { BEFORE_TAG, IN_TAG, AFTER_TAG } place;
    uint16_t whole, tag; /* their sums */
    size_t tag_len;
};

static void read_byte(struct reading *reading, char byte)
{
    reading->whole = add_byte(reading->whole, byte);
    switch (reading->place) {
    case BEFORE_TAG:
        if (byte == '{')
            reading->place = IN_TAG;
        break;
    case IN_TAG:
        if (byte == '}') {
            reading->place = AFTER_TAG;
        } else {
            reading->tag = add_byte(reading->tag, byte);
            reading->tag_len++;
        }
        break;
    case AFTER_TAG:
        break;
    }
}

uint16_t slot_of(const struct str *parts, uint32_t part_count)
{
    struct reading reading = { 0 };

    for (uint32_t i = 0; i < part_count; i++)
        for (size_t n = 0; n < parts[i].len; n++)
            read_byte(&reading, parts[i].data[n]);
    /* A tag that is empty, or does not end, is none. */
    if (reading.place == AFTER_TAG && reading.tag_len > 0)
        return reading.tag % SLOT_COUNT;
    return reading.whole % SLOT_COUNT;
}

void slots_clear(struct slots *slots)
{
    memset(slots->owners, SLOTS_NOBODY, sizeof(slots->owners));
}

void slots_set(struct slots *slots, uint32_t first, uint32_t last,
               uint8_t owner)
{
    assert(first <= last && last < SLOT_COUNT);
    memset(&slots->owners[first], owner, last - first + 1);
}

uint32_t slots_count(const struct slots *slots, uint8_t owner)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        count += slots->owners[i] == owner;
    return count;
}
