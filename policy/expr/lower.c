#include "policy/expr/lower.h"

#include <assert.h>
#include <unicase.h>
#include <unistr.h>

/* Puts the lower case of the letter at the front of `text` at `out`, which has
 * room for `room` bytes. Returns the length of the letter. */
static size_t lower_one(struct str text, uint8_t *out, size_t room,
                        size_t *out_len)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    ucs4_t letter;
    int len = u8_mbtoucr(&letter, bytes, text.len);
    int lower_len;

    if (len < 0) {
        out[0] = bytes[0];
        *out_len = 1;
        return 1;
    }
    lower_len = u8_uctomb(out, uc_tolower(letter), (ptrdiff_t)room);
    assert(lower_len > 0);
    *out_len = (size_t)lower_len;
    return (size_t)len;
}

struct str lower_text(struct str text, struct arena *arena)
{
    /* Some letters of two bytes become three; none grows by more. */
    size_t size = text.len + text.len / 2;
    uint8_t *out = arena_alloc(arena, size);
    size_t out_len = 0;

    if (!out)
        return (struct str){ 0 };
    while (text.len > 0) {
        size_t lower_len;
        size_t len = lower_one(text, out + out_len, size - out_len, &lower_len);

        out_len += lower_len;
        text = str_skip(text, len);
    }
    return (struct str){ (const char *)out, out_len };
}
