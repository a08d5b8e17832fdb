#include "proto/wire/words.h"

#include <pthread.h>
#include <stdlib.h>

static const struct str global_words[] = {
#define WORD(text) STR_INIT(text),
#include "proto/wire/global_words.def"
#undef WORD
};

_Static_assert(sizeof(global_words) / sizeof(global_words[0]) ==
                   GLOBAL_WORD_COUNT,
               "the count is part of the protocol");

void words_init(struct words *words, const struct vocabulary *vocabulary)
{
    words->vocabulary = vocabulary;
    for (uint32_t i = 0; i < GLOBAL_WORD_COUNT; i++)
        words->attribute[i] = vocabulary_id(vocabulary, global_words[i]);
}

struct str global_word(uint32_t index)
{
    return global_words[index];
}

/* The indices in the order of their words; made once, read by all threads. */
static uint8_t sorted[GLOBAL_WORD_COUNT];
static pthread_once_t sorted_once = PTHREAD_ONCE_INIT;

static int compare(struct str a, struct str b)
{
    /* Any order will do: the length tells most words apart. */
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

static int compare_indices(const void *a, const void *b)
{
    return compare(global_words[*(const uint8_t *)a],
                   global_words[*(const uint8_t *)b]);
}

static void sort(void)
{
    for (uint32_t i = 0; i < GLOBAL_WORD_COUNT; i++)
        sorted[i] = (uint8_t)i;
    qsort(sorted, GLOBAL_WORD_COUNT, sizeof(sorted[0]), compare_indices);
}

static int compare_word(const void *word, const void *index)
{
    return compare(*(const struct str *)word,
                   global_words[*(const uint8_t *)index]);
}

int32_t global_word_find(struct str word)
{
    const uint8_t *found;

    pthread_once(&sorted_once, sort);
    found = bsearch(&word, sorted, GLOBAL_WORD_COUNT, sizeof(sorted[0]),
                    compare_word);
    return found ? *found : -1;
}
