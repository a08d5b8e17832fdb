#include "proto/wire/utf8.h"

#include <stdint.h>

/* The bytes that a character may begin with, how long it then is, and which
 * second bytes are left when overlong forms, surrogates and what lies beyond
 * U+10FFFF are taken out. */
static const struct lead {
    uint8_t first, last, len, second_first, second_last;
} leads[] = {
    { 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
    { 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
    { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
    { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *find_lead(uint8_t byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

/* The length of the character at the start of `s`; 0 if there is none. */
static size_t character_len(const uint8_t *s, size_t left)
{
    const struct lead *lead = find_lead(s[0]);

    if (!lead || lead->len > left)
        return 0;
    if (lead->len > 1 &&
        (s[1] < lead->second_first || s[1] > lead->second_last))
        return 0;
    for (size_t i = 2; i < lead->len; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return lead->len;
}

bool utf8_is_text(struct str s)
{
    const uint8_t *bytes = (const uint8_t *)s.data;
    size_t len;

    for (size_t i = 0; i < s.len; i += len) {
        len = character_len(bytes + i, s.len - i);
        if (len == 0)
            return false;
    }
    return true;
}
