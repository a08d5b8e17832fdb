#include "policy/rule/roster_regex.h"

#include "policy/expr/regex.h"
#include "policy/rule/roster_block.h"

#include <assert.h>
#include <stdlib.h>

struct roster_regex {
    struct arena arena;   /* of what is compiled */
    struct arena scratch; /* of one search */
    const struct regex **patterns;
    uint32_t count;
};

/* In front of each pattern; they follow the head. */
typedef uint16_t pattern_length;

struct str roster_regex_build(const struct str *entries, uint32_t count,
                              struct arena *arena)
{
    size_t size = sizeof(struct roster_head), used = size;
    char *block;

    assert(count <= ROSTER_PATTERNS_MAX);
    for (uint32_t i = 0; i < count; i++)
        size += sizeof(pattern_length) + entries[i].len;
    block = roster_block_new(ROSTER_REGEX, count, size, arena);
    for (uint32_t i = 0; i < count; i++) {
        pattern_length length = (pattern_length)entries[i].len;

        memcpy(block + used, &length, sizeof(length));
        memcpy(block + used + sizeof(length), entries[i].data, length);
        used += sizeof(length) + length;
    }
    return (struct str){ block, size };
}

/* Takes the first pattern off `rest`. */
static bool take_pattern(struct str *rest, struct str *pattern)
{
    pattern_length length;

    if (rest->len < sizeof(length))
        return false;
    memcpy(&length, rest->data, sizeof(length));
    *rest = str_skip(*rest, sizeof(length));
    if (rest->len < length)
        return false;
    *pattern = (struct str){ rest->data, length };
    *rest = str_skip(*rest, length);
    return true;
}

struct str roster_regex_next_pattern(struct str block, struct str before)
{
    size_t read = before.data ? (size_t)(before.data + before.len - block.data)
                              : sizeof(struct roster_head);
    struct str rest = str_skip(block, read), pattern;

    return take_pattern(&rest, &pattern) ? pattern : (struct str){ 0 };
}

static bool compile_all(struct roster_regex *regex, struct str block)
{
    const struct roster_head *head = (const void *)block.data;
    struct str rest = str_skip(block, sizeof(*head));

    if (head->entry_count > ROSTER_PATTERNS_MAX)
        return false;
    regex->patterns = arena_calloc(&regex->arena, head->entry_count,
                                   sizeof(regex->patterns[0]));
    for (; regex->count < head->entry_count; regex->count++) {
        struct regex_error error;
        struct str pattern;

        if (!take_pattern(&rest, &pattern))
            return false;
        regex->patterns[regex->count] =
            regex_compile(pattern, &regex->arena, &error);
        if (!regex->patterns[regex->count])
            return false;
    }
    return true;
}

struct roster_regex *roster_regex_open(struct str block)
{
    struct roster_regex *regex = calloc(1, sizeof(*regex));

    if (!regex)
        abort();
    arena_init(&regex->arena, 0);
    arena_init(&regex->scratch, 0);
    if (compile_all(regex, block))
        return regex;
    roster_regex_free(regex);
    return NULL;
}

void roster_regex_free(struct roster_regex *regex)
{
    if (!regex)
        return;
    arena_fini(&regex->scratch);
    arena_fini(&regex->arena);
    free(regex);
}

enum roster_answer roster_regex_find(struct roster_regex *regex,
                                     struct str text)
{
    for (uint32_t i = 0; i < regex->count; i++) {
        bool is_found;

        arena_clear(&regex->scratch);
        if (regex_search(regex->patterns[i], text, &regex->scratch, &is_found))
            return ROSTER_TOO_COSTLY;
        if (is_found)
            return ROSTER_IN;
    }
    return ROSTER_OUT;
}
