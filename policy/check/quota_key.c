#include "policy/check/quota_key.h"

#include <endian.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint32_t pick_limit(const struct quota_spec *spec,
                           const struct str *values)
{
    for (uint32_t i = 0; i < spec->override_count; i++) {
        const struct str *wanted = spec->overrides[i].values;
        uint32_t d = 0;

        while (d < spec->dimension_count &&
               (!wanted[d].data || str_eq(wanted[d], values[d])))
            d++;
        if (d == spec->dimension_count)
            return i + 1;
    }
    return 0;
}

static char *put_bytes(char *at, struct str bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/* Each value has its length before it, so no value can imitate another key. */
static struct str make_bytes(const struct quota_spec *spec,
                             const struct str *values, struct arena *arena)
{
    size_t len = spec->identity.len;
    char *key, *at;

    for (uint32_t i = 0; i < spec->dimension_count; i++)
        len += sizeof(uint64_t) + values[i].len;
    key = arena_alloc(arena, len);
    if (!key)
        return (struct str){ 0 };
    at = put_bytes(key, spec->identity);
    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        /* The same bytes on every replica, whatever its byte order. */
        uint64_t value_len = htole64(values[i].len);

        memcpy(at, &value_len, sizeof(value_len));
        at = put_bytes(at + sizeof(value_len), values[i]);
    }
    return (struct str){ key, len };
}

/* "#" and 16 bits in hex: many values have the same, so that it does not give
 * them away, and few of those that are looked at together. */
#define REDACTED_SIZE sizeof("#1f3a")

static struct str redact(struct str value, char text[REDACTED_SIZE])
{
    uint64_t hash = XXH64(value.data ? value.data : "", value.len, 0);

    snprintf(text, REDACTED_SIZE, "#%04x", (unsigned)(hash & 0xffff));
    return (struct str){ text, REDACTED_SIZE - 1 };
}

static struct str make_text(const struct quota_spec *spec,
                            const struct str *values, bool is_redacted,
                            struct arena *arena)
{
    char *text = arena_alloc(arena, QUOTA_KEY_TEXT_BYTES);
    size_t len = 0;

    if (!text)
        return (struct str){ 0 };
    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        char redacted[REDACTED_SIZE];
        struct str parts[] = {
            i > 0 ? STR(",") : STR(""),
            spec->dimensions[i].name,
            STR("="),
            is_redacted ? redact(values[i], redacted) : values[i],
        };

        for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
            if (parts[p].len > QUOTA_KEY_TEXT_BYTES - len)
                parts[p].len = QUOTA_KEY_TEXT_BYTES - len;
            put_bytes(text + len, parts[p]);
            len += parts[p].len;
        }
    }
    return (struct str){ text, len };
}

bool quota_key_make(struct quota_key *key, const struct quota_spec *spec,
                    const struct str *values, bool is_redacted,
                    struct arena *arena)
{
    *key = (struct quota_key){
        .bytes = make_bytes(spec, values, arena),
        .text = make_text(spec, values, is_redacted, arena),
        .limit = pick_limit(spec, values),
    };
    return key->bytes.data;
}
