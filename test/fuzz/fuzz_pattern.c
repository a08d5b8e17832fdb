/*
 * What is said about regular expressions. Any text is read without harm; of
 * one that PCRE2 compiles, what is shown as dangerous is, and one that was held
 * at its ends is held.
 */
#include "policy/expr/pattern.h"
#include "policy/expr/pattern_danger.h"
#include "policy/expr/pattern_hold.h"
#include "policy/expr/regex.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every part stands within its whole. */
static void check_parts(const struct pattern *whole)
{
    const char *end = whole->text.data + whole->text.len;

    for (const struct pattern *part = whole->parts; part; part = part->next) {
        assert(part->text.data >= whole->text.data &&
               part->text.data + part->text.len <= end);
        assert(part->kind != PATTERN_CHARACTER || part->text.len > 0);
        check_parts(part);
    }
}

static void check_held(const struct pattern *pattern, struct arena *arena)
{
    struct str held = pattern_hold(pattern, true, arena);
    const struct pattern *again = pattern_parse(held, arena);

    assert(again && pattern_is_held_at_begin(again) &&
           pattern_is_held_at_end(again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1); /* so that the sanitizer sees its end */
    struct str text = { copy, size };
    const struct pattern *pattern;
    struct regex_error error;
    struct arena arena;

    assert(copy);
    if (size > 0)
        memcpy(copy, data, size);
    copy = realloc(copy, size > 0 ? size : 1);
    assert(copy);
    text.data = copy;
    arena_init(&arena, 0);
    pattern = pattern_parse(text, &arena);
    if (pattern) {
        check_parts(pattern);
        if (!memchr(text.data, '\0', size) &&
            regex_compile(text, &arena, &error)) {
            check_held(pattern, &arena);
            pattern_find_danger(pattern, &arena);
        }
    }
    arena_fini(&arena);
    free(copy);
    return 0;
}
