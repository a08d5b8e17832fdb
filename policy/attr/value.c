#include "policy/attr/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

static const uint8_t v4_prefix[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

const char *value_type_name(enum value_type type)
{
    switch (type) {
    case VALUE_NONE:
        return "NONE";
#define X(name, number)                                                        \
    case VALUE_##name:                                                         \
        return #name;
        VALUE_TYPES(X)
#undef X
    }
    return "NONE";
}

enum value_type value_type_parse(struct str name)
{
#define X(type, number)                                                        \
    if (str_eq(name, STR(#type)))                                              \
        return VALUE_##type;
    VALUE_TYPES(X)
#undef X
    return VALUE_NONE;
}

bool ip_from_bytes(struct str bytes, struct ip *ip)
{
    switch (bytes.len) {
    case 4:
        memcpy(ip->bytes, v4_prefix, sizeof(v4_prefix));
        memcpy(ip->bytes + sizeof(v4_prefix), bytes.data, 4);
        return true;
    case 16:
        memcpy(ip->bytes, bytes.data, 16);
        return true;
    default:
        return false;
    }
}

bool ip_parse(struct str text, struct ip *ip)
{
    char copy[INET6_ADDRSTRLEN + 1];
    char bytes[16];

    if (text.len == 0 || text.len >= sizeof(copy) ||
        memchr(text.data, '\0', text.len))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, bytes) == 1)
        return ip_from_bytes((struct str){ bytes, 4 }, ip);
    if (inet_pton(AF_INET6, copy, bytes) == 1)
        return ip_from_bytes((struct str){ bytes, 16 }, ip);
    return false;
}

size_t ip_format(const struct ip *ip, char out[static IP_TEXT_SIZE])
{
    bool is_v4 = memcmp(ip->bytes, v4_prefix, sizeof(v4_prefix)) == 0;

    inet_ntop(is_v4 ? AF_INET : AF_INET6, ip->bytes + (is_v4 ? 12 : 0), out,
              IP_TEXT_SIZE);
    return strlen(out);
}

static struct str instant_text(struct instant instant, struct arena *arena)
{
    time_t seconds = (time_t)instant.seconds;
    char rest[32];
    struct tm utc;

    if (!gmtime_r(&seconds, &utc))
        return STR("");
    strftime(rest, sizeof(rest), "-%m-%dT%H:%M:%S", &utc);
    if (instant.nanos == 0)
        return arena_printf(arena, "%04d%sZ", utc.tm_year + 1900, rest);
    return arena_printf(arena, "%04d%s.%09" PRId32 "Z", utc.tm_year + 1900,
                        rest, instant.nanos);
}

static struct str ip_text(const struct ip *ip, struct arena *arena)
{
    char text[IP_TEXT_SIZE];
    size_t len = ip_format(ip, text);

    return arena_copy(arena, (struct str){ text, len });
}

struct str value_text(const struct value *value, struct arena *arena)
{
    switch (value->type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return value->string.data ? value->string : STR("");
    case VALUE_INT64:
        return arena_printf(arena, "%" PRId64, value->int64);
    case VALUE_DOUBLE:
        return arena_printf(arena, "%.17g", value->number);
    case VALUE_BOOL:
        return value->boolean ? STR("true") : STR("false");
    case VALUE_TIMESTAMP:
        return instant_text(value->instant, arena);
    case VALUE_IP_ADDRESS:
        return ip_text(&value->ip, arena);
    case VALUE_DURATION:
        return arena_printf(arena, "%" PRId64 "ns", value->duration_ns);
    case VALUE_NONE:
    case VALUE_STRING_MAP:
        return STR("");
    }
    return STR("");
}
