#include "policy/expr/pattern.h"

#include <string.h>

/* Source of the syntax: pcre2pattern(3). */
struct reader {
    struct str text;
    size_t offset;
    struct arena *arena;
    unsigned depth;
    bool is_strange; /* not understood: all that is read from then on is void */
};

static bool is_at(const struct reader *reader, const char *what)
{
    size_t len = strlen(what);

    return reader->offset <= reader->text.len &&
           reader->text.len - reader->offset >= len &&
           memcmp(reader->text.data + reader->offset, what, len) == 0;
}

static bool is_at_end(const struct reader *reader)
{
    return reader->offset >= reader->text.len;
}

/* The byte that is next, or NUL. */
static char peek(const struct reader *reader)
{
    return is_at_end(reader) ? '\0' : reader->text.data[reader->offset];
}

static void give_up(struct reader *reader)
{
    reader->is_strange = true;
    reader->offset = reader->text.len;
}

static void skip_past(struct reader *reader, char end)
{
    while (!is_at_end(reader) && peek(reader) != end)
        reader->offset++;
    if (is_at_end(reader))
        give_up(reader);
    else
        reader->offset++;
}

/* What stands from `start` up to here. */
static struct pattern *new_pattern(struct reader *reader,
                                   enum pattern_kind kind, size_t start)
{
    struct pattern *pattern = arena_calloc(reader->arena, 1, sizeof(*pattern));

    if (reader->offset > reader->text.len)
        give_up(reader); /* it ends within something */
    pattern->kind = kind;
    pattern->text =
        (struct str){ reader->text.data + start, reader->offset - start };
    pattern->least = pattern->most = 1;
    return pattern;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- one character ----------------------------------------------------- */

static void skip_braces(struct reader *reader)
{
    if (peek(reader) == '{')
        skip_past(reader, '}');
}

/* After a backslash and the character after it. */
static enum pattern_kind read_escaped(struct reader *reader, char c)
{
    switch (c) {
    case 'A':
    case 'G':
        return PATTERN_BEGIN;
    case 'z':
    case 'Z':
        return PATTERN_END;
    case 'b':
    case 'B':
    case 'K':
        return PATTERN_EMPTY;
    case 'k':
    case 'g':
        if (peek(reader) == '<')
            skip_past(reader, '>');
        else if (peek(reader) == '\'')
            give_up(reader);
        else
            skip_braces(reader);
        return PATTERN_EMPTY;
    case 'p':
    case 'P':
    case 'N':
    case 'o':
        skip_braces(reader);
        return PATTERN_CHARACTER;
    case 'x':
        if (peek(reader) == '{')
            skip_braces(reader);
        else
            for (int i = 0;
                 i < 2 && strchr("0123456789abcdefABCDEF", peek(reader)) &&
                 !is_at_end(reader);
                 i++)
                reader->offset++;
        return PATTERN_CHARACTER;
    case 'c':
        reader->offset++;
        return PATTERN_CHARACTER;
    case 'Q':
        give_up(reader);
        return PATTERN_EMPTY;
    default:
        if (is_digit(c)) /* an octal number, or a reference */
            give_up(reader);
        return PATTERN_CHARACTER;
    }
}

static struct pattern *read_escape(struct reader *reader)
{
    size_t start = reader->offset;
    enum pattern_kind kind;
    char c;

    reader->offset++;
    c = peek(reader);
    reader->offset++;
    kind = read_escaped(reader, c);
    return new_pattern(reader, kind, start);
}

/* [...], with whatever stands for itself in there */
static struct pattern *read_class(struct reader *reader)
{
    size_t start = reader->offset;

    reader->offset++;
    if (peek(reader) == '^')
        reader->offset++;
    if (peek(reader) == ']')
        reader->offset++;
    while (!is_at_end(reader) && peek(reader) != ']') {
        if (is_at(reader, "[:"))
            skip_past(reader, ']');
        else
            reader->offset += peek(reader) == '\\' ? 2 : 1;
    }
    if (is_at_end(reader))
        give_up(reader);
    else
        reader->offset++;
    return new_pattern(reader, PATTERN_CHARACTER, start);
}

/* What stands for itself, all bytes of it. */
static struct pattern *read_literal(struct reader *reader)
{
    size_t start = reader->offset++;

    while ((peek(reader) & 0xc0) == 0x80)
        reader->offset++;
    return new_pattern(reader, PATTERN_CHARACTER, start);
}

/* ---- groups ------------------------------------------------------------ */

static struct pattern *read_choice(struct reader *reader);

/* After "(?": letters that set options, as in "(?i)" or "(?i:"; those that
 * change what the rest means are not understood. */
static void skip_options(struct reader *reader)
{
    while (strchr("imnsUJx-^", peek(reader)) && !is_at_end(reader)) {
        if (peek(reader) == 'x' || peek(reader) == 'm')
            give_up(reader);
        else
            reader->offset++;
    }
}

/* After "(": what kind of group it is. True if there is a pattern in it that
 * takes part in what is found. */
static bool read_group_head(struct reader *reader)
{
    static const char *const arounds[] = { "?=", "?!", "?<=", "?<!" };

    for (size_t i = 0; i < sizeof(arounds) / sizeof(arounds[0]); i++)
        if (is_at(reader, arounds[i])) {
            reader->offset += strlen(arounds[i]);
            return false;
        }
    if (is_at(reader, "*") || is_at(reader, "?(") || is_at(reader, "?C") ||
        is_at(reader, "?R") || is_at(reader, "?&") || is_at(reader, "?P>") ||
        is_at(reader, "?P=") || is_at(reader, "?#"))
        give_up(reader);
    if (peek(reader) != '?')
        return true;
    reader->offset++;
    if (is_at(reader, "<") || is_at(reader, "P<")) {
        skip_past(reader, '>');
    } else if (peek(reader) == '>' || peek(reader) == '|') {
        reader->offset++;
    } else {
        skip_options(reader);
        if (peek(reader) == ')')
            return false;
        if (peek(reader) != ':')
            give_up(reader);
        else
            reader->offset++;
    }
    return true;
}

static struct pattern *read_group(struct reader *reader)
{
    size_t start = reader->offset++;
    struct pattern *inner, *group;
    bool takes_part;

    if (++reader->depth > PATTERN_DEPTH_MAX)
        give_up(reader);
    takes_part = read_group_head(reader);
    inner = read_choice(reader);
    if (peek(reader) == ')')
        reader->offset++;
    else
        give_up(reader);
    reader->depth--;
    group = new_pattern(reader, takes_part ? PATTERN_SEQUENCE : PATTERN_EMPTY,
                        start);
    if (takes_part)
        group->parts = inner;
    return group;
}

/* ---- sequences and choices --------------------------------------------- */

static uint32_t read_number(struct reader *reader)
{
    uint32_t number = 0;

    while (is_digit(peek(reader))) {
        if (number < PATTERN_UNBOUNDED / 100)
            number = 10 * number + (uint32_t)(peek(reader) - '0');
        reader->offset++;
    }
    return number;
}

/* {n}, {n,} or {n,m}; any other { stands for itself. */
static bool read_braces(struct reader *reader, struct pattern *pattern)
{
    size_t start = reader->offset++;
    bool has_least = is_digit(peek(reader));
    uint32_t least = read_number(reader), most = least;

    if (peek(reader) == ',') {
        reader->offset++;
        most = is_digit(peek(reader)) ? read_number(reader) : PATTERN_UNBOUNDED;
    }
    if (!has_least || peek(reader) != '}') {
        reader->offset = start;
        return false;
    }
    reader->offset++;
    pattern->least = least;
    pattern->most = most;
    return true;
}

/* What says how often. */
static void read_quantifier(struct reader *reader, struct pattern *pattern)
{
    switch (peek(reader)) {
    case '*':
    case '+':
    case '?':
        pattern->least = peek(reader) == '+' ? 1 : 0;
        pattern->most = peek(reader) == '?' ? 1 : PATTERN_UNBOUNDED;
        reader->offset++;
        break;
    case '{':
        if (!read_braces(reader, pattern))
            return;
        break;
    default:
        return;
    }
    if (peek(reader) == '?' || peek(reader) == '+') /* lazy, possessive */
        reader->offset++;
}

static struct pattern *read_part(struct reader *reader)
{
    enum pattern_kind kind;

    switch (peek(reader)) {
    case '\\':
        return read_escape(reader);
    case '[':
        return read_class(reader);
    case '(':
        return read_group(reader);
    case '^':
    case '$':
        kind = peek(reader) == '^' ? PATTERN_BEGIN : PATTERN_END;
        reader->offset++;
        return new_pattern(reader, kind, reader->offset - 1);
    default:
        return read_literal(reader);
    }
}

static struct pattern *read_sequence(struct reader *reader)
{
    size_t start = reader->offset;
    struct pattern *sequence, *parts = NULL, **end = &parts;

    while (!is_at_end(reader) && peek(reader) != '|' && peek(reader) != ')') {
        *end = read_part(reader);
        read_quantifier(reader, *end);
        end = &(*end)->next;
    }
    sequence = new_pattern(reader, PATTERN_SEQUENCE, start);
    sequence->parts = parts;
    return sequence;
}

static struct pattern *read_choice(struct reader *reader)
{
    size_t start = reader->offset;
    struct pattern *first = read_sequence(reader), *last = first, *choice;

    if (peek(reader) != '|')
        return first;
    while (peek(reader) == '|') {
        reader->offset++;
        last->next = read_sequence(reader);
        last = last->next;
    }
    choice = new_pattern(reader, PATTERN_CHOICE, start);
    choice->parts = first;
    return choice;
}

const struct pattern *pattern_parse(struct str text, struct arena *arena)
{
    struct reader reader = { .text = text, .arena = arena };
    const struct pattern *pattern = read_choice(&reader);

    return reader.is_strange || reader.offset < text.len ? NULL : pattern;
}
