/*
 * The dictionary of a message being written: gives each word its index.
 * Words of the global list that the receiver knows have theirs, n >= 0; any
 * other is put into the message's own list, once, as -1, -2, ...
 * Threads: one at a time.
 */
#ifndef PROTO_WIRE_DICTIONARY_H
#define PROTO_WIRE_DICTIONARY_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dictionary {
    struct arena *arena;
    uint32_t global_count; /* global words that the receiver knows */
    char **words;          /* the message's own, copied into the arena */
    size_t count, capacity;
};

void dictionary_init(struct dictionary *dictionary, uint32_t global_count,
                     struct arena *arena);

/* The index of `word`. False if the arena's limit is hit, or if the word is no
 * text (utf8.h) and so cannot be sent. */
bool dictionary_add(struct dictionary *dictionary, struct str word,
                    int32_t *index);

/* The same for a map key that was read: never 0, which says "no key" there. */
bool dictionary_add_key(struct dictionary *dictionary, struct str key,
                        int32_t *index);

#endif
