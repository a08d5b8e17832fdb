/*
 * Mixer's global word list (proto/wire/global_words.def: the position is the
 * index on the wire), joined with the vocabulary of one snapshot.
 * Threads: any, immutable.
 */
#ifndef PROTO_WIRE_WORDS_H
#define PROTO_WIRE_WORDS_H

#include "policy/attr/vocabulary.h"
#include "policy/base/str.h"

#include <stdint.h>

#define GLOBAL_WORD_COUNT 222

struct words {
    const struct vocabulary *vocabulary;
    /* word -> attribute id or ATTR_NONE */
    uint32_t attribute[GLOBAL_WORD_COUNT];
};

/* vocabulary: complete, no id is given afterwards. */
void words_init(struct words *words, const struct vocabulary *vocabulary);

/* The word of an index, 0 .. GLOBAL_WORD_COUNT - 1. */
struct str global_word(uint32_t index);

/* The index of a word, or -1. */
int32_t global_word_find(struct str word);

#endif
