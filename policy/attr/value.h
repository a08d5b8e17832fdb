/*
 * A typed attribute value. Plain data; what it points to is borrowed from the
 * message or from an arena.
 * The types and their numbers are those of istio.policy.v1beta1.ValueType.
 */
#ifndef POLICY_ATTR_VALUE_H
#define POLICY_ATTR_VALUE_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* One list: enum, names for files and messages, words for people. */
#define VALUE_TYPES(X)                                                         \
    X(STRING, 1)                                                               \
    X(INT64, 2)                                                                \
    X(DOUBLE, 3)                                                               \
    X(BOOL, 4)                                                                 \
    X(TIMESTAMP, 5)                                                            \
    X(IP_ADDRESS, 6)                                                           \
    X(EMAIL_ADDRESS, 7)                                                        \
    X(URI, 8)                                                                  \
    X(DNS_NAME, 9)                                                             \
    X(DURATION, 10)                                                            \
    X(STRING_MAP, 11)

enum value_type {
    VALUE_NONE = 0, /* absent; as an expected type: any */
#define X(name, number) VALUE_##name = number,
    VALUE_TYPES(X)
#undef X
};

/* An instant, UTC: seconds since 1970 (years 1 .. 9999), 0 <= nanos < 1e9. */
struct instant {
    int64_t seconds;
    int32_t nanos;
};

/* IPv6, or IPv4 as a v4-mapped address, so that both forms compare equal. */
struct ip {
    uint8_t bytes[16];
};

struct string_pair {
    struct str key, value;
};

/* Few entries, looked up by walking: of equal keys the first one counts. */
struct string_map {
    const struct string_pair *pairs;
    uint32_t count;
};

struct value {
    enum value_type type;
    union {
        struct str string; /* STRING, EMAIL_ADDRESS, URI, DNS_NAME */
        int64_t int64;
        double number; /* DOUBLE */
        bool boolean;
        struct instant instant;
        struct ip ip;
        int64_t duration_ns;
        const struct string_map *map;
    };
};

/* "STRING", ...; "NONE". */
const char *value_type_name(enum value_type type);

/* From such a name; VALUE_NONE if it is none. */
enum value_type value_type_parse(struct str name);

/* From 4 or 16 bytes as on the wire; false for any other length. */
bool ip_from_bytes(struct str bytes, struct ip *ip);

/* From text without zone or prefix length, IPv4 or IPv6; false if it is none.
 */
bool ip_parse(struct str text, struct ip *ip);

/* IPv4 where it is v4-mapped, else IPv6. Returns the length, without NUL. */
#define IP_TEXT_SIZE 46
size_t ip_format(const struct ip *ip, char out[static IP_TEXT_SIZE]);

/*
 * The value as people write it, in `arena` or borrowed: "ratings", "42",
 * "true", "10.0.0.1", "1970-01-01T00:00:00.5Z", "1500000ns". Different values
 * of one type have different texts. data == NULL if the arena's limit is hit;
 * a STRING_MAP has none and gives "".
 */
struct str value_text(const struct value *value, struct arena *arena);

#endif
