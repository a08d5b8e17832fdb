#include "policy/expr/pattern_hold.h"

/* ---- held -------------------------------------------------------------- */

static bool is_anything(const struct pattern *part)
{
    return part->kind == PATTERN_CHARACTER && str_eq(part->text, STR(".")) &&
           part->most == PATTERN_UNBOUNDED;
}

/* Whether all ways to find it begin (or end) where the text does. */
static bool is_held(const struct pattern *pattern, enum pattern_kind by);

static bool is_sequence_held(const struct pattern *sequence,
                             enum pattern_kind by)
{
    bool is_held_so_far = false;

    for (const struct pattern *part = sequence->parts; part;
         part = part->next) {
        if (part->kind == PATTERN_EMPTY)
            continue;
        is_held_so_far = is_held(part, by);
        if (by == PATTERN_BEGIN)
            break; /* the first one says it, else the last one */
    }
    return is_held_so_far;
}

static bool is_held(const struct pattern *pattern, enum pattern_kind by)
{
    const struct pattern *part = pattern->parts;

    if (is_anything(pattern))
        return true;
    if (pattern->least == 0)
        return false;
    switch (pattern->kind) {
    case PATTERN_CHARACTER:
    case PATTERN_EMPTY:
        return false;
    case PATTERN_BEGIN:
    case PATTERN_END:
        return pattern->kind == by;
    case PATTERN_SEQUENCE:
        return is_sequence_held(pattern, by);
    case PATTERN_CHOICE:
        while (part && is_held(part, by))
            part = part->next;
        return !part;
    }
    return false;
}

bool pattern_is_held_at_begin(const struct pattern *pattern)
{
    return is_held(pattern, PATTERN_BEGIN);
}

bool pattern_is_held_at_end(const struct pattern *pattern)
{
    return is_held(pattern, PATTERN_END);
}

/* ---- names ------------------------------------------------------------- */

static bool is_dot(const struct pattern *part)
{
    return str_eq(part->text, STR(".")) || str_eq(part->text, STR("\\."));
}

static bool is_of_label(const struct pattern *part)
{
    char c = part->text.data[0];

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           str_eq(part->text, STR("\\-"));
}

bool pattern_begins_with_label(const struct pattern *pattern)
{
    return pattern->kind == PATTERN_SEQUENCE && pattern->parts &&
           str_eq(pattern->parts->text, STR("\\.")) &&
           pattern_is_once(pattern->parts);
}

/* A letter or a digit was before each dot but one at the beginning, and one is
 * at the end: so "curl/7.8" and ".*" are none. */
bool pattern_is_dotted_name(const struct pattern *pattern)
{
    bool was_label = false, has_dot = false;

    if (pattern->kind != PATTERN_SEQUENCE)
        return false;
    for (const struct pattern *part = pattern->parts; part; part = part->next) {
        if (part->kind == PATTERN_BEGIN || part->kind == PATTERN_END ||
            part->kind == PATTERN_EMPTY)
            continue;
        if (part->kind != PATTERN_CHARACTER || !pattern_is_once(part))
            return false;
        if (is_dot(part))
            has_dot = has_dot || was_label;
        else if (!is_of_label(part))
            return false;
        was_label = !is_dot(part);
    }
    return has_dot && was_label;
}

/* ---- mend -------------------------------------------------------------- */

static struct str escape_dots(const struct pattern *name, struct arena *arena)
{
    char *text = arena_alloc(arena, 2 * name->text.len);
    size_t len = 0;

    for (const struct pattern *part = name->parts; part; part = part->next) {
        if (str_eq(part->text, STR(".")))
            text[len++] = '\\';
        memcpy(text + len, part->text.data, part->text.len);
        len += part->text.len;
    }
    return (struct str){ text, len };
}

struct str pattern_hold(const struct pattern *pattern, bool at_end,
                        struct arena *arena)
{
    bool begins = pattern_is_held_at_begin(pattern);
    bool ends = !at_end || pattern_is_held_at_end(pattern);
    bool is_choice = pattern->kind == PATTERN_CHOICE;
    struct str text = pattern->text;

    if (pattern_is_dotted_name(pattern))
        text = escape_dots(pattern, arena);
    return arena_printf(arena, "%s%s%.*s%s%s", begins ? "" : "^",
                        is_choice ? "(?:" : "", STR_ARG(text),
                        is_choice ? ")" : "", ends ? "" : "$");
}
