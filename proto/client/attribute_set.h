/*
 * Attributes as people write them on a command line:
 *   request.size=42   source.ip=10.0.0.1   'request.headers[x-version]=blue'
 * A name of the vocabulary has its type there; any other is a STRING, or a
 * STRING_MAP if it has a key.
 * Threads: one at a time.
 */
#ifndef PROTO_CLIENT_ATTRIBUTE_SET_H
#define PROTO_CLIENT_ATTRIBUTE_SET_H

#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "proto/wire/mixer.h"

#include <stdbool.h>
#include <stdint.h>

struct attribute_set {
    const struct vocabulary *vocabulary;
    struct arena *arena; /* without a limit */
    struct mixer_attribute *items;
    uint32_t count, capacity;
};

void attribute_set_init(struct attribute_set *set,
                        const struct vocabulary *vocabulary,
                        struct arena *arena);

/* Adds one; of equal names, or of equal keys of a map, the last counts. `text`
 * is borrowed. False if it is no attribute; *why then is a sentence that says
 * what is expected. */
bool attribute_set_add(struct attribute_set *set, struct str text,
                       struct str *why);

#endif
