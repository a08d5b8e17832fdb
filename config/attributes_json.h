/*
 * Attributes and values as JSON: what people write on a command line and in
 * files of cases, and what programs read.
 *
 * An attribute is plain, and then has the type that the vocabulary says:
 *   { "request.path": "/x", "request.size": 42, "source.ip": "10.0.0.1",
 *     "request.time": "2026-11-24T21:00:00Z", "response.duration": "1.5s",
 *     "request.headers": { "x-version": "blue" } }
 * or says what it is, as on the wire; a type other than the declared one is
 * then that of a mistyped attribute:
 *   { "request.size": { "type": "int64", "value": "42" } }
 * Threads: any, each over its own JSON.
 */
#ifndef CONFIG_ATTRIBUTES_JSON_H
#define CONFIG_ATTRIBUTES_JSON_H

#include "policy/attr/bag.h"
#include "policy/attr/refs.h"
#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <jansson.h>
#include <stdbool.h>

enum unknown_attributes {
    UNKNOWN_ARE_MISTAKES,
    UNKNOWN_ARE_PASSED_OVER, /* as a server does */
};

/*
 * Sets the attributes of an object in the bag, whose arena has no limit; texts
 * are borrowed from the JSON. False if one is no value of its type; *why, in
 * that arena, is then a sentence.
 */
bool attributes_json_set(struct bag *bag, const json_t *attributes,
                         enum unknown_attributes unknown, struct str *why);

/* A string; what is no UTF-8 in it becomes U+FFFD. */
json_t *text_json(struct str text);

/* The plain value: INT64 as a string, so that no reader rounds it; a DURATION
 * as "1m30s"; null for VALUE_NONE. */
json_t *value_json(const struct value *value, struct arena *arena);

/* What was read: [ "-name", "name", "name[key]" ], sorted, each once. "-" was
 * absent; a key also stands for its map. */
json_t *references_json(const struct refs *refs,
                        const struct vocabulary *vocabulary,
                        struct arena *arena);

#endif
