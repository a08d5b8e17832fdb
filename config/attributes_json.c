#include "config/attributes_json.h"

#include "policy/base/clock.h"
#include "policy/expr/duration.h"
#include "policy/expr/timestamp.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- texts ------------------------------------------------------------- */

static struct str text_of(const json_t *string)
{
    return (struct str){ json_string_value(string),
                         json_string_length(string) };
}

/* Whether jansson takes these bytes as the only ones of a string. */
static bool is_utf8(const char *data, size_t len)
{
    json_t *string = json_stringn(data, len);

    json_decref(string);
    return string != NULL;
}

/* The length of the character that the text begins with; 0 if it is none. */
static size_t character_len(struct str text)
{
    for (size_t len = 1; len <= 4 && len <= text.len; len++)
        if (is_utf8(text.data, len))
            return len;
    return 0;
}

static json_t *repaired_json(struct str text)
{
    static const struct str unknown = STR_INIT("\xef\xbf\xbd");
    size_t len = 0;
    json_t *string;
    char *copy;

    assert(text.len > 0); /* nothing needs no repair */
    copy = malloc(text.len * unknown.len);
    if (!copy)
        abort();
    while (text.len > 0) {
        size_t good = character_len(text);
        struct str next = good > 0 ? (struct str){ text.data, good } : unknown;

        memcpy(copy + len, next.data, next.len);
        len += next.len;
        text = str_skip(text, good > 0 ? good : 1);
    }
    string = json_stringn(copy, len);
    free(copy);
    return string;
}

json_t *text_json(struct str text)
{
    json_t *string = json_stringn(text.len > 0 ? text.data : "", text.len);

    return string ? string : repaired_json(text);
}

/* ---- from JSON --------------------------------------------------------- */

static bool read_int64(const json_t *json, int64_t *number)
{
    const char *text = json_string_value(json);
    char *end;

    if (json_is_integer(json)) {
        *number = json_integer_value(json);
        return true;
    }
    /* strtoll would also skip spaces. */
    if (!text || text[0] == '\0' || !strchr("+-0123456789", text[0]))
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end == text + json_string_length(json);
}

static bool read_map(const json_t *json, const struct string_map **map,
                     struct arena *arena)
{
    size_t count = json_object_size(json), key_len;
    struct string_map *copy = arena_calloc(arena, 1, sizeof(*copy));
    struct string_pair *pairs = arena_calloc(arena, count, sizeof(*pairs));
    const char *key;
    json_t *value;

    *copy = (struct string_map){ pairs, 0 };
    *map = copy;
    json_object_keylen_foreach((json_t *)(uintptr_t)json, key, key_len, value)
    {
        if (!json_is_string(value))
            return false;
        pairs[copy->count++] =
            (struct string_pair){ { key, key_len }, text_of(value) };
    }
    return json_is_object(json);
}

/* Reads what value->type says. */
static bool read_value(const json_t *json, struct value *value,
                       struct arena *arena)
{
    struct str text = text_of(json);

    switch (value->type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        value->string = text;
        return json_is_string(json);
    case VALUE_INT64:
        return read_int64(json, &value->int64);
    case VALUE_DOUBLE:
        value->number = json_number_value(json);
        return json_is_number(json);
    case VALUE_BOOL:
        value->boolean = json_is_true(json);
        return json_is_boolean(json);
    case VALUE_TIMESTAMP:
        return timestamp_parse(text, &value->instant);
    case VALUE_IP_ADDRESS:
        return ip_parse(text, &value->ip);
    case VALUE_DURATION:
        return duration_parse(text, &value->duration_ns);
    case VALUE_STRING_MAP:
        return read_map(json, &value->map, arena);
    case VALUE_NONE:
        return false;
    }
    return false;
}

static const char *example(enum value_type type)
{
    switch (type) {
    case VALUE_INT64:
        return "a whole number, as 42";
    case VALUE_DOUBLE:
        return "a number, as 0.5";
    case VALUE_BOOL:
        return "true or false";
    case VALUE_TIMESTAMP:
        return "a string, as \"2026-11-24T21:00:00Z\"";
    case VALUE_IP_ADDRESS:
        return "a string, as \"10.0.0.1\" or \"fe80::1\"";
    case VALUE_DURATION:
        return "a string, as \"1.5s\" or \"2m30s\"";
    case VALUE_STRING_MAP:
        return "an object of strings";
    case VALUE_NONE:
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return "a string";
    }
    return "";
}

/* "int64", or "INT64"; VALUE_NONE if it is no type. */
static enum value_type type_of_name(struct str name)
{
#define X(type, number)                                                        \
    if (str_eq_nocase(name, STR(#type)))                                       \
        return VALUE_##type;
    VALUE_TYPES(X)
#undef X
    return VALUE_NONE;
}

/* {"type": ..., "value": ...}; a map may have just these two keys, but then
 * its value is a string. */
static bool is_typed(const json_t *json, enum value_type declared)
{
    const json_t *value = json_object_get(json, "value");

    return value && json_is_string(json_object_get(json, "type")) &&
           (declared != VALUE_STRING_MAP || json_is_object(value));
}

static bool fail_value(struct bag *bag, struct str name, enum value_type type,
                       struct str *why)
{
    *why = arena_printf(bag->arena, "%.*s is %s: %s", STR_ARG(name),
                        value_type_name(type), example(type));
    return false;
}

static bool fail_unknown(struct bag *bag, struct str name, struct str *why)
{
    struct str nearest = vocabulary_nearest(bag->vocabulary, name);

    *why = arena_printf(bag->arena, "unknown attribute %.*s%s%.*s",
                        STR_ARG(name), nearest.len > 0 ? ", did you mean " : "",
                        STR_ARG(nearest));
    return false;
}

static bool set_attribute(struct bag *bag, struct str name, const json_t *json,
                          struct str *why)
{
    uint32_t id = vocabulary_id(bag->vocabulary, name);
    struct value value = { .type = vocabulary_type(bag->vocabulary, name) };

    if (is_typed(json, value.type)) {
        value.type = type_of_name(text_of(json_object_get(json, "type")));
        json = json_object_get(json, "value");
    }
    if (value.type != VALUE_NONE && !read_value(json, &value, bag->arena))
        return fail_value(bag, name, value.type, why);
    /* Without an id, nothing reads it. */
    if (id != ATTR_NONE)
        bag_set(bag, id, value);
    return true;
}

bool attributes_json_set(struct bag *bag, const json_t *attributes,
                         enum unknown_attributes unknown, struct str *why)
{
    const char *key;
    json_t *json;
    size_t len;

    if (!json_is_object(attributes)) {
        *why = STR("the attributes must be an object");
        return false;
    }
    json_object_keylen_foreach((json_t *)(uintptr_t)attributes, key, len, json)
    {
        struct str name = { key, len };

        if (vocabulary_type(bag->vocabulary, name) == VALUE_NONE) {
            if (unknown == UNKNOWN_ARE_MISTAKES)
                return fail_unknown(bag, name, why);
        } else if (!set_attribute(bag, name, json, why)) {
            return false;
        }
    }
    return true;
}

/* ---- to JSON ----------------------------------------------------------- */

/* So many of a unit, with what is left as a fraction that ends at the last
 * digit other than 0: "1.5". */
static struct str decimal(uint64_t ns, uint64_t unit_ns, struct arena *arena)
{
    uint64_t rest = ns % unit_ns;
    int digits = 0;

    for (uint64_t scale = unit_ns; scale > 1; scale /= 10)
        digits++;
    while (rest > 0 && rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    if (rest == 0)
        return arena_printf(arena, "%" PRIu64, ns / unit_ns);
    return arena_printf(arena, "%" PRIu64 ".%0*" PRIu64, ns / unit_ns, digits,
                        rest);
}

/* As Go writes it, and so Mixer. */
static struct str duration_text(int64_t duration_ns, struct arena *arena)
{
    const char *sign = duration_ns < 0 ? "-" : "";
    uint64_t ns =
        duration_ns < 0 ? -(uint64_t)duration_ns : (uint64_t)duration_ns;
    uint64_t hours = ns / HOUR, minutes = ns % HOUR / MINUTE;
    struct str seconds = decimal(ns % MINUTE, SECOND, arena);

    if (ns == 0)
        return STR("0s");
    if (ns < MICROSECOND)
        return arena_printf(arena, "%s%" PRIu64 "ns", sign, ns);
    if (ns < MILLISECOND)
        return arena_printf(arena, "%s%.*s\u00b5s", sign,
                            STR_ARG(decimal(ns, MICROSECOND, arena)));
    if (ns < SECOND)
        return arena_printf(arena, "%s%.*sms", sign,
                            STR_ARG(decimal(ns, MILLISECOND, arena)));
    if (hours > 0)
        return arena_printf(arena, "%s%" PRIu64 "h%" PRIu64 "m%.*ss", sign,
                            hours, minutes, STR_ARG(seconds));
    if (minutes > 0)
        return arena_printf(arena, "%s%" PRIu64 "m%.*ss", sign, minutes,
                            STR_ARG(seconds));
    return arena_printf(arena, "%s%.*ss", sign, STR_ARG(seconds));
}

static json_t *map_json(const struct string_map *map)
{
    json_t *object = json_object();

    /* Of equal keys the first one counts. */
    for (uint32_t i = map->count; i-- > 0;) {
        json_t *key = text_json(map->pairs[i].key);

        json_object_setn_new(object, json_string_value(key),
                             json_string_length(key),
                             text_json(map->pairs[i].value));
        json_decref(key);
    }
    return object;
}

/* JSON has no infinities. */
static json_t *number_json(const struct value *value, struct arena *arena)
{
    json_t *number = json_real(value->number);

    return number ? number : text_json(value_text(value, arena));
}

json_t *value_json(const struct value *value, struct arena *arena)
{
    switch (value->type) {
    case VALUE_STRING:
    case VALUE_INT64:
    case VALUE_TIMESTAMP:
    case VALUE_IP_ADDRESS:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return text_json(value_text(value, arena));
    case VALUE_DOUBLE:
        return number_json(value, arena);
    case VALUE_BOOL:
        return json_boolean(value->boolean);
    case VALUE_DURATION:
        return text_json(duration_text(value->duration_ns, arena));
    case VALUE_STRING_MAP:
        return map_json(value->map);
    case VALUE_NONE:
        break;
    }
    return json_null();
}

static int compare_texts(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    size_t shorter = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->data, right->data, shorter);

    return order != 0 ? order
                      : (left->len > right->len) - (left->len < right->len);
}

json_t *references_json(const struct refs *refs,
                        const struct vocabulary *vocabulary,
                        struct arena *arena)
{
    struct str *texts =
        arena_calloc(arena, 2 * (size_t)refs->count, sizeof(*texts));
    json_t *array = json_array();
    size_t count = 0;

    for (uint32_t i = 0; i < refs->count; i++) {
        const struct ref *ref = &refs->items[i];
        struct str name = vocabulary_name(vocabulary, ref->attribute);
        const char *sign = ref->present ? "" : "-";

        if (ref->key.data) {
            texts[count++] = arena_printf(arena, "%s%.*s[%.*s]", sign,
                                          STR_ARG(name), STR_ARG(ref->key));
            sign = "";
        }
        texts[count++] = arena_printf(arena, "%s%.*s", sign, STR_ARG(name));
    }
    qsort(texts, count, sizeof(*texts), compare_texts);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_eq(texts[i - 1], texts[i]))
            json_array_append_new(array, text_json(texts[i]));
    return array;
}
