#include "quota/handle.h"

#include <assert.h>
#include <string.h>

#define VERSION 1

#define LEASE_BYTES_MAX (1 + QUOTA_NAME_MAX + 2 * sizeof(struct quota_id))
#define HANDLE_BYTES_MAX (2 + QUOTAS_PER_CHECK_MAX * LEASE_BYTES_MAX)

_Static_assert((HANDLE_BYTES_MAX + 2) / 3 * 4 < HANDLE_TEXT_MAX,
               "HANDLE_TEXT_MAX is too small");

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 4648, section 5). */
static struct str to_base64(const uint8_t *bytes, size_t len,
                            struct arena *arena)
{
    size_t text_len = (len * 4 + 2) / 3;
    char *text = arena_alloc(arena, text_len);
    uint32_t bits = 0, bit_count = 0;
    size_t t = 0;

    if (!text)
        return (struct str){ 0 };
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            text[t++] = alphabet[bits >> (bit_count - 6) & 63];
    }
    if (bit_count > 0)
        text[t++] = alphabet[bits << (6 - bit_count) & 63];
    assert(t == text_len);
    return (struct str){ text, text_len };
}

static int digit_value(char digit)
{
    const char *found = digit ? strchr(alphabet, digit) : NULL;

    return found ? (int)(found - alphabet) : -1;
}

/* The bytes that `text` stands for; empty if it is not the one text that
 * to_base64 makes of them, or too long. */
static struct str from_base64(struct str text,
                              uint8_t bytes[static HANDLE_BYTES_MAX])
{
    uint32_t bits = 0, bit_count = 0;
    size_t len = 0;

    if (text.len > (HANDLE_BYTES_MAX * 4 + 2) / 3 || text.len % 4 == 1)
        return (struct str){ 0 };
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_value(text.data[i]);

        if (digit < 0)
            return (struct str){ 0 };
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[len++] = (uint8_t)(bits >> bit_count);
        }
    }
    if ((bits & ((UINT32_C(1) << bit_count) - 1)) != 0)
        return (struct str){ 0 };
    return (struct str){ (const char *)bytes, len };
}

static size_t put_bytes(uint8_t *bytes, size_t at, const void *from, size_t len)
{
    memcpy(bytes + at, from, len);
    return at + len;
}

struct str handle_encode(const struct lease_name *leases, uint32_t count,
                         struct arena *arena)
{
    uint8_t bytes[HANDLE_BYTES_MAX];
    size_t len = 0;

    assert(count >= 1 && count <= QUOTAS_PER_CHECK_MAX);
    bytes[len++] = VERSION;
    bytes[len++] = (uint8_t)count;
    for (uint32_t i = 0; i < count; i++) {
        const struct lease_name *lease = &leases[i];

        assert(lease->quota.len >= 1 && lease->quota.len <= QUOTA_NAME_MAX);
        bytes[len++] = (uint8_t)lease->quota.len;
        len = put_bytes(bytes, len, lease->quota.data, lease->quota.len);
        len = put_bytes(bytes, len, lease->key.bytes, sizeof(lease->key));
        len = put_bytes(bytes, len, lease->id.bytes, sizeof(lease->id));
    }
    return to_base64(bytes, len, arena);
}

/* Takes the next `len` bytes; false if there are fewer. */
static bool take_bytes(struct str *bytes, size_t len, struct str *taken)
{
    if (bytes->len < len)
        return false;
    *taken = (struct str){ bytes->data, len };
    *bytes = str_skip(*bytes, len);
    return true;
}

static bool take_byte(struct str *bytes, uint8_t *byte)
{
    struct str taken;

    if (!take_bytes(bytes, 1, &taken))
        return false;
    *byte = (uint8_t)taken.data[0];
    return true;
}

static bool take_id(struct str *bytes, struct quota_id *id)
{
    struct str taken;

    if (!take_bytes(bytes, sizeof(id->bytes), &taken))
        return false;
    memcpy(id->bytes, taken.data, taken.len);
    return true;
}

static bool take_lease(struct str *bytes, struct lease_name *lease,
                       struct arena *arena)
{
    struct str quota;
    uint8_t len;

    if (!take_byte(bytes, &len) || len < 1 || len > QUOTA_NAME_MAX ||
        !take_bytes(bytes, len, &quota) || !take_id(bytes, &lease->key) ||
        !take_id(bytes, &lease->id))
        return false;
    lease->quota = arena_copy(arena, quota);
    return lease->quota.data != NULL;
}

bool handle_decode(struct str text, struct release *release,
                   struct arena *arena)
{
    uint8_t buffer[HANDLE_BYTES_MAX];
    struct str bytes = from_base64(text, buffer);
    uint8_t version, count;

    if (!take_byte(&bytes, &version) || version != VERSION ||
        !take_byte(&bytes, &count) || count < 1 || count > QUOTAS_PER_CHECK_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_lease(&bytes, &release->leases[i], arena))
            return false;
    }
    release->count = count;
    return bytes.len == 0;
}
