#include "policy/expr/regex.h"

#include "policy/expr/code.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdint.h>

struct regex {
    pcre2_code *code;
    bool is_anchored; /* a match can only start where the text does */
};

/*
 * What bounds a search. PCRE2 tries a match at every start in turn, counts
 * steps anew at each, and in one step may walk over the whole text. So the
 * steps at one start are chosen such that
 *   starts * steps * length <= WORK_MAX,
 * which is some ten milliseconds in the worst case that we could make, and
 * less than one for the usual mistakes, as (a+)+$.
 */
#define WORK_MAX (UINT64_C(1) << 28)
#define STEPS_MAX 10000
#define STEPS_MIN 16 /* a text that leaves fewer is not searched */

/* For a search that does not run as machine code: it then can go about as deep
 * as machine code can with its 32 KiB of stack. */
#define HEAP_KIB_MAX 256

static const char too_long[] = "the text is too long for a regular expression";
static const char too_dear[] = "the regular expression takes too many steps";

/* PCRE2's memory out of an arena: what it frees goes with the arena. */
static void *allocate(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void keep(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

/* context: NULL for memory from the heap. */
static pcre2_code *compile(struct str pattern, pcre2_compile_context *context,
                           int *number, size_t *offset)
{
    const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                             PCRE2_NO_AUTO_CAPTURE | PCRE2_DOLLAR_ENDONLY |
                             PCRE2_NEVER_BACKSLASH_C;

    return pcre2_compile((PCRE2_SPTR)(pattern.len > 0 ? pattern.data : ""),
                         pattern.len, options, number, offset, context);
}

static bool is_anchored(const pcre2_code *code)
{
    uint32_t options = 0;

    pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
    return options & PCRE2_ANCHORED;
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

const struct regex *regex_compile(struct str pattern, struct arena *arena,
                                  struct regex_error *error)
{
    struct regex *regex;
    pcre2_code *code;
    int number;

    code = compile(pattern, NULL, &number, &error->offset);
    if (!code) {
        pcre2_get_error_message(number, (PCRE2_UCHAR *)error->message,
                                sizeof(error->message));
        return NULL;
    }
    /* Where memory may not be made executable it is interpreted. */
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    regex = arena_alloc(arena, sizeof(*regex));
    *regex = (struct regex){ code, is_anchored(code) };
    arena_on_fini(arena, free_code, code);
    return regex;
}

/* How many steps one start may take. */
static uint64_t steps_for(const struct regex *regex, size_t text_len)
{
    uint64_t len = (uint64_t)text_len + 1;
    uint64_t starts = regex->is_anchored ? 1 : len;
    uint64_t steps = WORK_MAX / len / starts;

    return steps < STEPS_MAX ? steps : STEPS_MAX;
}

/* NULL without memory. */
static pcre2_match_context *new_limits(pcre2_general_context *memory,
                                       uint64_t steps)
{
    pcre2_match_context *limits = pcre2_match_context_create(memory);

    if (limits) {
        pcre2_set_match_limit(limits, (uint32_t)steps);
        pcre2_set_depth_limit(limits, (uint32_t)steps);
        pcre2_set_heap_limit(limits, HEAP_KIB_MAX);
    }
    return limits;
}

static const char *search(const struct regex *regex, struct str text,
                          pcre2_general_context *memory, bool *is_found)
{
    uint64_t steps = steps_for(regex, text.len);
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len > 0 ? text.data : "");
    pcre2_match_context *limits;
    pcre2_match_data *data;
    int result;

    if (steps < STEPS_MIN)
        return too_long;
    limits = new_limits(memory, steps);
    data = pcre2_match_data_create(1, memory);
    if (!limits || !data)
        return EVAL_NO_MEMORY;
    result = pcre2_match(regex->code, subject, text.len, 0, 0, data, limits);
    *is_found = result >= 0;
    if (result >= 0 || result == PCRE2_ERROR_NOMATCH)
        return NULL;
    return result == PCRE2_ERROR_NOMEMORY ? EVAL_NO_MEMORY : too_dear;
}

const char *regex_search(const struct regex *regex, struct str text,
                         struct arena *arena, bool *is_found)
{
    pcre2_general_context *memory =
        pcre2_general_context_create(allocate, keep, arena);

    return memory ? search(regex, text, memory, is_found) : EVAL_NO_MEMORY;
}

const char *regex_search_once(struct str pattern, struct str text,
                              struct arena *arena, bool *is_found)
{
    pcre2_general_context *memory;
    pcre2_compile_context *context;
    struct regex regex;
    size_t offset;
    int number;

    if (pattern.len > REGEX_ONCE_MAX)
        return "the regular expression is too long";
    memory = pcre2_general_context_create(allocate, keep, arena);
    context = memory ? pcre2_compile_context_create(memory) : NULL;
    if (!context)
        return EVAL_NO_MEMORY;
    regex.code = compile(pattern, context, &number, &offset);
    if (!regex.code)
        return arena->is_exhausted ? EVAL_NO_MEMORY : "no regular expression";
    regex.is_anchored = is_anchored(regex.code);
    return search(&regex, text, memory, is_found);
}
