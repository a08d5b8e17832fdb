#include "policy/attr/bag.h"

bool bag_init(struct bag *bag, const struct vocabulary *vocabulary,
              struct arena *arena)
{
    *bag = (struct bag){
        .vocabulary = vocabulary,
        .arena = arena,
        .values = arena_calloc(arena, vocabulary_count(vocabulary),
                               sizeof(struct value)),
    };
    return bag->values != NULL;
}

/* Gives `value`, typed as on the wire, the declared type. */
static bool convert(struct value *value, enum value_type declared)
{
    switch (declared) {
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        if (value->type != VALUE_STRING)
            return value->type == declared;
        break;
    case VALUE_INT64:
        if (value->type != VALUE_DURATION)
            return value->type == declared;
        value->int64 = value->duration_ns;
        break;
    case VALUE_DURATION:
        if (value->type != VALUE_INT64)
            return value->type == declared;
        value->duration_ns = value->int64;
        break;
    case VALUE_NONE:
    case VALUE_STRING:
    case VALUE_DOUBLE:
    case VALUE_BOOL:
    case VALUE_TIMESTAMP:
    case VALUE_IP_ADDRESS:
    case VALUE_STRING_MAP:
        return value->type == declared;
    }
    value->type = declared;
    return true;
}

void bag_set(struct bag *bag, uint32_t id, struct value value)
{
    if (convert(&value, vocabulary_id_type(bag->vocabulary, id)))
        bag->values[id] = value;
    else
        bag->mistyped_count++;
}

static void record(struct bag *bag, uint32_t id, struct str key, bool present)
{
    if (bag->refs)
        refs_add(bag->refs, (struct ref){ id, key, present });
}

const struct value *bag_get(struct bag *bag, uint32_t id)
{
    const struct value *value = &bag->values[id];
    bool present = value->type != VALUE_NONE;

    record(bag, id, (struct str){ 0 }, present);
    return present ? value : NULL;
}

static const struct str *find_key(const struct string_map *map, struct str key)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (str_eq(map->pairs[i].key, key))
            return &map->pairs[i].value;
    return NULL;
}

enum bag_key bag_get_key(struct bag *bag, uint32_t id, struct str key,
                         struct str *value)
{
    const struct value *map = &bag->values[id];
    const struct str *found;

    if (map->type == VALUE_NONE) {
        record(bag, id, (struct str){ 0 }, false);
        return BAG_NO_MAP;
    }
    if (!key.data)
        key = STR(""); /* the empty key, not "no key" */
    found = find_key(map->map, key);
    record(bag, id, key, found != NULL);
    if (!found)
        return BAG_NO_KEY;
    *value = *found;
    return BAG_KEY;
}
