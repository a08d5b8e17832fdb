#include "proto/client/attribute_set.h"

#include "policy/expr/duration.h"
#include "policy/expr/timestamp.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define CAPACITY_FIRST 8

void attribute_set_init(struct attribute_set *set,
                        const struct vocabulary *vocabulary,
                        struct arena *arena)
{
    *set = (struct attribute_set){ .vocabulary = vocabulary, .arena = arena };
}

/* ---- text -------------------------------------------------------------- */

/* "name=value" or "name[key]=value". */
struct assignment {
    struct str name;
    struct str key; /* data == NULL: none */
    struct str value;
};

static bool split(struct str text, struct assignment *assignment)
{
    size_t end = 0;
    size_t close;

    while (end < text.len && text.data[end] != '=' && text.data[end] != '[')
        end++;
    if (end == 0 || end == text.len)
        return false;
    assignment->name = (struct str){ text.data, end };
    assignment->key = (struct str){ 0 };
    close = end;
    if (text.data[end] == '[') {
        /* A key may hold anything but the two characters behind it. */
        while (close + 1 < text.len &&
               !(text.data[close] == ']' && text.data[close + 1] == '='))
            close++;
        if (close + 1 == text.len)
            return false;
        assignment->key = (struct str){ text.data + end + 1, close - end - 1 };
        close++;
    }
    assignment->value = str_skip(text, close + 1);
    return true;
}

/* ---- values ------------------------------------------------------------ */

static bool parse_int64(struct str text, int64_t *number, struct arena *arena)
{
    const char *start = arena_copy(arena, text).data;
    char *end;

    /* strtoll would also skip spaces. */
    if (text.len == 0 || !strchr("+-0123456789", start[0]))
        return false;
    errno = 0;
    *number = strtoll(start, &end, 10);
    return errno == 0 && end == start + text.len;
}

static bool parse_double(struct str text, double *number, struct arena *arena)
{
    const char *start = arena_copy(arena, text).data;
    char *end;

    if (text.len == 0 || !strchr("+-.0123456789", start[0]))
        return false;
    *number = strtod(start, &end);
    return end == start + text.len && isfinite(*number);
}

static bool parse_bool(struct str text, bool *boolean)
{
    *boolean = str_eq(text, STR("true"));
    return *boolean || str_eq(text, STR("false"));
}

/* Not for maps. */
static bool parse_value(struct str text, struct value *value,
                        struct arena *arena)
{
    switch (value->type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        value->string = text;
        return true;
    case VALUE_INT64:
        return parse_int64(text, &value->int64, arena);
    case VALUE_DOUBLE:
        return parse_double(text, &value->number, arena);
    case VALUE_BOOL:
        return parse_bool(text, &value->boolean);
    case VALUE_TIMESTAMP:
        return timestamp_parse(text, &value->instant);
    case VALUE_IP_ADDRESS:
        return ip_parse(text, &value->ip);
    case VALUE_DURATION:
        return duration_parse(text, &value->duration_ns);
    case VALUE_NONE:
    case VALUE_STRING_MAP:
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
        return "a time, as 2026-11-24T21:00:00Z";
    case VALUE_IP_ADDRESS:
        return "an IP address, as 10.0.0.1 or fe80::1";
    case VALUE_DURATION:
        return "a duration, as 1.5s or 2m30s";
    case VALUE_STRING_MAP:
        return "a map: NAME[KEY]=VALUE";
    case VALUE_NONE:
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return "a text: NAME=VALUE";
    }
    return "";
}

/* ---- the set ----------------------------------------------------------- */

/* The attribute of that name, added if there was none. */
static struct mixer_attribute *item(struct attribute_set *set, struct str name)
{
    struct mixer_attribute *items = set->items;

    for (uint32_t i = 0; i < set->count; i++)
        if (str_eq(items[i].name, name))
            return &items[i];
    if (set->count == set->capacity) {
        set->capacity = set->capacity == 0 ? CAPACITY_FIRST : 2 * set->capacity;
        set->items = arena_calloc(set->arena, set->capacity, sizeof(items[0]));
        if (set->count > 0)
            memcpy(set->items, items, set->count * sizeof(items[0]));
    }
    set->items[set->count] = (struct mixer_attribute){ .name = name };
    return &set->items[set->count++];
}

/* `map` (NULL: empty) and one pair more, which replaces one of its key. */
static const struct string_map *with_pair(const struct string_map *map,
                                          struct string_pair pair,
                                          struct arena *arena)
{
    uint32_t count = map ? map->count : 0;
    struct string_pair *pairs =
        arena_calloc(arena, count + 1, sizeof(pairs[0]));
    struct string_map *larger = arena_calloc(arena, 1, sizeof(*larger));
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if (!str_eq(map->pairs[i].key, pair.key))
            pairs[kept++] = map->pairs[i];
    pairs[kept++] = pair;
    *larger = (struct string_map){ pairs, kept };
    return larger;
}

static void add_pair(struct attribute_set *set,
                     const struct assignment *assignment)
{
    struct mixer_attribute *attribute = item(set, assignment->name);
    const struct string_map *map =
        attribute->value.type == VALUE_STRING_MAP ? attribute->value.map : NULL;
    struct string_pair pair = { assignment->key, assignment->value };

    attribute->value = (struct value){
        .type = VALUE_STRING_MAP,
        .map = with_pair(map, pair, set->arena),
    };
}

bool attribute_set_add(struct attribute_set *set, struct str text,
                       struct str *why)
{
    struct assignment assignment;
    struct value value;

    if (!split(text, &assignment)) {
        *why = STR("it must be NAME=VALUE or NAME[KEY]=VALUE");
        return false;
    }
    value.type = vocabulary_type(set->vocabulary, assignment.name);
    if (value.type == VALUE_NONE)
        value.type = assignment.key.data ? VALUE_STRING_MAP : VALUE_STRING;
    if (assignment.key.data && value.type == VALUE_STRING_MAP) {
        add_pair(set, &assignment);
        return true;
    }
    if (assignment.key.data ||
        !parse_value(assignment.value, &value, set->arena)) {
        *why =
            arena_printf(set->arena, "%.*s is %s, %s", STR_ARG(assignment.name),
                         value_type_name(value.type), example(value.type));
        return false;
    }
    item(set, assignment.name)->value = value;
    return true;
}
