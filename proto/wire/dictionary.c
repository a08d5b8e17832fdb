#include "proto/wire/dictionary.h"

#include "proto/wire/message.h"
#include "proto/wire/utf8.h"
#include "proto/wire/words.h"

#define CAPACITY_FIRST 8

void dictionary_init(struct dictionary *dictionary, uint32_t global_count,
                     struct arena *arena)
{
    *dictionary = (struct dictionary){
        .arena = arena,
        .global_count = global_count,
    };
}

static bool grow(struct dictionary *dictionary)
{
    size_t capacity =
        dictionary->capacity == 0 ? CAPACITY_FIRST : 2 * dictionary->capacity;
    char **words = arena_calloc(dictionary->arena, capacity, sizeof(words[0]));

    if (!words)
        return false;
    if (dictionary->count > 0)
        memcpy(words, dictionary->words, dictionary->count * sizeof(words[0]));
    dictionary->words = words;
    dictionary->capacity = capacity;
    return true;
}

static bool append(struct dictionary *dictionary, struct str word)
{
    char *copy;

    if (dictionary->count == dictionary->capacity && !grow(dictionary))
        return false;
    copy = message_text(word, dictionary->arena);
    if (!copy)
        return false;
    dictionary->words[dictionary->count++] = copy;
    return true;
}

/* Messages have few words of their own, so walking is the fastest look-up. */
static bool add_own(struct dictionary *dictionary, struct str word,
                    int32_t *index)
{
    size_t i = 0;

    if (!utf8_is_text(word))
        return false;
    while (i < dictionary->count && !str_eq(str_of(dictionary->words[i]), word))
        i++;
    *index = -(int32_t)i - 1;
    return i < dictionary->count || append(dictionary, word);
}

bool dictionary_add(struct dictionary *dictionary, struct str word,
                    int32_t *index)
{
    int32_t global = global_word_find(word);

    if (global < 0 || (uint32_t)global >= dictionary->global_count)
        return add_own(dictionary, word, index);
    *index = global;
    return true;
}

bool dictionary_add_key(struct dictionary *dictionary, struct str key,
                        int32_t *index)
{
    return dictionary_add(dictionary, key, index) &&
           (*index != 0 || add_own(dictionary, key, index));
}
