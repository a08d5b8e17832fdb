#include "policy/expr/pattern_danger.h"

#include "policy/base/table.h"
#include "policy/expr/regex.h"

/* Each word is tried at each place, in two texts. */
#define PLACES_MAX 8
#define WORDS_MAX 16
#define WORD_BYTES_MAX 32
#define SAMPLE_BYTES_MAX (DANGER_BYTES / 4)

/* So often a part must be repeatable for a text to be made of it. */
#define MANY 8

/* Where something is repeated: a text that leads there, and one that leads from
 * there to the end. */
struct repetition {
    struct str before, after;
};

struct search {
    const struct regex *regex;
    struct arena *arena;  /* what lives as long as the search */
    struct arena scratch; /* of one text */
    struct table probed;  /* a class or an escape -> struct str */
    struct repetition places[PLACES_MAX];
    struct str words[WORDS_MAX];
    unsigned place_count, word_count;
};

/* ---- texts that match -------------------------------------------------- */

static struct str join(struct search *search, struct str a, struct str b)
{
    if (a.len + b.len > SAMPLE_BYTES_MAX)
        return a;
    return arena_printf(search->arena, "%.*s%.*s", STR_ARG(a), STR_ARG(b));
}

/* A character that a class or an escape stands for; empty: none was found. */
static struct str find_character(struct search *search, struct str text)
{
    /* What such classes mostly are for comes first. */
    static const char order[] = "a1/.- _A,=:@;\t\n\"'!#$%&()*+<>?[\\]^`{|}~"
                                "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRST"
                                "UVWXYZ023456789";
    struct regex_error error;
    const struct regex *one =
        regex_compile(arena_printf(search->arena, "^(?:%.*s)$", STR_ARG(text)),
                      search->arena, &error);
    bool is_found;

    for (const char *c = order; one && *c; c++)
        if (!regex_search(one, (struct str){ c, 1 }, search->arena,
                          &is_found) &&
            is_found)
            return (struct str){ c, 1 };
    return STR("");
}

static struct str probe(struct search *search, struct str text)
{
    struct str *known = table_find(&search->probed, text);

    if (!known) {
        known = arena_alloc(search->arena, sizeof(*known));
        *known = find_character(search, text);
        table_put(&search->probed, text, known);
    }
    return *known;
}

static struct str sample_character(struct search *search,
                                   const struct pattern *pattern)
{
    switch (pattern->text.data[0]) {
    case '.':
        return STR("a");
    case '[':
    case '\\':
        return probe(search, pattern->text);
    default:
        return pattern->text;
    }
}

static struct str sample_parts(struct search *search,
                               const struct pattern *first);

/* A text that the pattern finds once; of a choice its first part. */
static struct str sample_once(struct search *search,
                              const struct pattern *pattern)
{
    switch (pattern->kind) {
    case PATTERN_CHARACTER:
        return sample_character(search, pattern);
    case PATTERN_BEGIN:
    case PATTERN_END:
    case PATTERN_EMPTY:
        return STR("");
    case PATTERN_SEQUENCE:
        return sample_parts(search, pattern->parts);
    case PATTERN_CHOICE:
        return sample_once(search, pattern->parts);
    }
    return STR("");
}

static struct str sample(struct search *search, const struct pattern *pattern)
{
    struct str once = sample_once(search, pattern), text = once;

    for (uint32_t i = 1;
         i < pattern->least && text.len < SAMPLE_BYTES_MAX && once.len > 0;
         i++) {
        struct str longer = join(search, text, once);

        if (longer.len == text.len)
            break;
        text = longer;
    }
    return text;
}

/* Of these and all after them. */
static struct str sample_parts(struct search *search,
                               const struct pattern *first)
{
    struct str text = STR("");

    for (const struct pattern *part = first; part; part = part->next)
        text = join(search, text, sample(search, part));
    return text;
}

/* ---- what texts are made of -------------------------------------------- */

static void add_word(struct search *search, struct str word)
{
    if (word.len == 0 || word.len > WORD_BYTES_MAX ||
        search->word_count == WORDS_MAX)
        return;
    for (unsigned i = 0; i < search->word_count; i++)
        if (str_eq(search->words[i], word))
            return;
    search->words[search->word_count++] = word;
}

/* The characters from `part` on that stand there once each: "foo" in .*foo.* */
static struct str sample_run(struct search *search, const struct pattern *part)
{
    struct str text = STR("");

    for (; part && part->kind == PATTERN_CHARACTER && pattern_is_once(part);
         part = part->next)
        text = join(search, text, sample(search, part));
    return text;
}

static void add_words(struct search *search, const struct pattern *pattern)
{
    bool begins_run = true;

    add_word(search, sample_once(search, pattern));
    for (const struct pattern *part = pattern->parts; part; part = part->next) {
        if (pattern->kind == PATTERN_SEQUENCE && begins_run)
            add_word(search, sample_run(search, part));
        begins_run = !pattern_is_once(part);
        add_words(search, part);
    }
}

static bool is_repeated(const struct pattern *pattern)
{
    return pattern->most >= MANY;
}

static bool has_repeated(const struct pattern *pattern)
{
    const struct pattern *part = pattern->parts;

    while (part && !has_repeated(part))
        part = part->next;
    return part || is_repeated(pattern);
}

static void add_places(struct search *search, const struct pattern *pattern,
                       struct str before, struct str after)
{
    struct str inner_before = before;

    if (is_repeated(pattern) && search->place_count < PLACES_MAX)
        search->places[search->place_count++] =
            (struct repetition){ before, after };
    for (const struct pattern *part = pattern->parts; part; part = part->next) {
        struct str inner_after = after;
        bool is_sequence = pattern->kind == PATTERN_SEQUENCE;

        if (has_repeated(part)) {
            if (is_sequence)
                inner_after =
                    join(search, sample_parts(search, part->next), after);
            add_places(search, part, inner_before, inner_after);
        }
        if (is_sequence)
            inner_before = join(search, inner_before, sample(search, part));
    }
}

/* Whether it can be found in more ways than there are places in a text: if two
 * parts of it are repeated, or one that has parts itself. */
static unsigned count_ways(const struct pattern *pattern)
{
    unsigned count = 0;

    if (is_repeated(pattern))
        count += pattern->kind == PATTERN_CHARACTER ? 1 : 2;
    for (const struct pattern *part = pattern->parts; part && count < 2;
         part = part->next)
        count += count_ways(part);
    return count;
}

/* ---- trying them out --------------------------------------------------- */

/* What hardly any pattern can go on with. */
#define STRANGE STR("\x01")

/* head, word word ..., tail */
static struct str make_text(struct search *search, struct str head,
                            struct str word, struct str tail)
{
    char *text = arena_alloc(&search->scratch, DANGER_BYTES);
    size_t len = head.len;

    memcpy(text, head.data, head.len);
    while (len + word.len + tail.len <= DANGER_BYTES) {
        memcpy(text + len, word.data, word.len);
        len += word.len;
    }
    memcpy(text + len, tail.data, tail.len);
    return (struct str){ text, len + tail.len };
}

/* tail: two parts. */
static bool is_too_dear(struct search *search, struct str head, struct str word,
                        const struct str tail[2])
{
    struct str text;
    bool is_found;

    arena_clear(&search->scratch);
    text = arena_printf(&search->scratch, "%.*s%.*s", STR_ARG(tail[0]),
                        STR_ARG(tail[1]));
    text = make_text(search, head, word, text);
    return regex_search(search->regex, text, &search->scratch, &is_found) !=
           NULL;
}

/* PCRE2 does not begin with a text that lacks what all that it finds has, so
 * the end that fits comes too, before or behind what does not. */
static bool is_dear_at(struct search *search, const struct repetition *place,
                       struct str word)
{
    return is_too_dear(search, place->before, word,
                       (struct str[]){ place->after, STRANGE }) ||
           is_too_dear(search, place->before, word,
                       (struct str[]){ STRANGE, place->after });
}

static struct str try_all(struct search *search)
{
    for (unsigned i = 0; i < search->place_count; i++)
        for (unsigned j = 0; j < search->word_count; j++) {
            struct str word = search->words[j];

            if (is_dear_at(search, &search->places[i], word))
                return word;
        }
    return (struct str){ 0 };
}

struct str pattern_find_danger(const struct pattern *pattern,
                               struct arena *arena)
{
    struct search search = { .arena = arena };
    struct regex_error error;
    struct str word = { 0 };

    if (pattern->text.len > DANGER_PATTERN_MAX || count_ways(pattern) < 2)
        return word;
    search.regex = regex_compile(pattern->text, arena, &error);
    if (!search.regex)
        return word;
    arena_init(&search.scratch, 0);
    table_init(&search.probed);
    add_words(&search, pattern);
    add_places(&search, pattern, STR(""), STR(""));
    word = try_all(&search);
    table_fini(&search.probed);
    arena_fini(&search.scratch);
    return word;
}
