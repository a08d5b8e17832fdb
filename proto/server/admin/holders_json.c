#include "proto/server/admin/holders_json.h"

#include "config/quantity.h"
#include "policy/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

json_t *json_of_bytes(struct str bytes)
{
    const char *data = bytes.data ? bytes.data : "";
    json_t *json = json_stringn(data, bytes.len);
    char *text;

    if (json)
        return json;
    text = malloc(bytes.len);
    if (!text)
        abort();
    for (size_t i = 0; i < bytes.len; i++) {
        text[i] = data[i];
        if ((unsigned char)data[i] >= 0x80)
            text[i] = '?';
    }
    json = json_stringn(text, bytes.len);
    free(text);
    return json;
}

json_t *json_time(int64_t ns, struct arena *arena)
{
    /* People do not want more of it. */
    int64_t unit_ns = ns < 10 * SECOND ? MILLISECOND : SECOND;

    if (ns < 0)
        return json_null();
    if (ns % unit_ns > 0 && ns < INT64_MAX - unit_ns)
        ns += unit_ns;
    return json_of_bytes(
        quantity_format(ns - ns % unit_ns, QUANTITY_DURATION, arena));
}

#define ID_HEX_SIZE (2 * sizeof(struct quota_id) + 1)

static json_t *json_id(const struct quota_id *id)
{
    char hex[ID_HEX_SIZE];

    for (size_t i = 0; i < sizeof(id->bytes); i++)
        snprintf(hex + 2 * i, 3, "%02x", id->bytes[i]);
    return json_string(hex);
}

json_t *holders_json(const struct holders *holders)
{
    json_t *array = json_array();
    struct arena arena;

    arena_init(&arena, 0);
    for (uint32_t i = 0; i < holders->count; i++) {
        const struct holder *holder = &holders->items[i];
        json_t *object = json_object();

        json_object_set_new(object, "id", json_id(&holder->id));
        json_object_set_new(object, "units", json_integer(holder->units));
        json_object_set_new(object, "ends_in",
                            json_time(holder->ends_in_ns, &arena));
        json_array_append_new(array, object);
    }
    arena_fini(&arena);
    return array;
}

static json_t *row_json(const struct hot_row *row, int64_t now_ns)
{
    const struct hot_key *key = &row->key;
    json_t *object = json_object();

    json_object_set_new(object, "quota", json_of_bytes(str_of(row->quota)));
    json_object_set_new(
        object, "key", json_of_bytes((struct str){ key->text, key->text_len }));
    json_object_set_new(object, "refusals",
                        json_integer((json_int_t)key->count));
    json_object_set_new(object, "seconds_ago",
                        json_integer((now_ns - key->last_ns) / SECOND));
    if (key->slots > 0)
        json_object_set_new(object, "full", json_boolean(row->is_full));
    if (!row->is_full)
        return object;
    json_object_set_new(object, "limit", json_integer(key->slots));
    json_object_set_new(object, "used", json_integer(row->holders.units));
    json_object_set_new(object, "leases",
                        json_integer(row->holders.lease_count));
    json_object_set_new(object, "holders", holders_json(&row->holders));
    return object;
}

json_t *hot_rows_json(const struct hot_rows *rows, int64_t now_ns)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < rows->count; i++)
        json_array_append_new(array, row_json(&rows->rows[i], now_ns));
    return array;
}
