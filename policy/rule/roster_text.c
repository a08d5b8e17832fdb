#include "policy/rule/roster_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a line that is shown in a message. */
#define SHOWN_BYTES 120

void roster_entries_init(struct roster_entries *entries, enum roster_type type)
{
    *entries = (struct roster_entries){ .type = type };
}

void roster_entries_fini(struct roster_entries *entries)
{
    free(entries->items);
    *entries = (struct roster_entries){ 0 };
}

static void append(struct roster_entries *entries, struct str entry)
{
    if (entries->count == entries->capacity) {
        entries->capacity = 2 * entries->capacity + 16;
        entries->items = reallocarray(entries->items, entries->capacity,
                                      sizeof(entries->items[0]));
        if (!entries->items)
            abort();
    }
    entries->items[entries->count++] = entry;
}

static bool is_full(const struct roster_entries *entries)
{
    return entries->count >= (entries->type == ROSTER_REGEX
                                  ? ROSTER_PATTERNS_MAX
                                  : ROSTER_ENTRIES_MAX);
}

bool roster_entries_add(struct roster_entries *entries, struct str entry,
                        char why[static ROSTER_WHY_SIZE])
{
    if (is_full(entries)) {
        snprintf(why, ROSTER_WHY_SIZE,
                 "is one too many: a list has at most %" PRIu32,
                 entries->count);
        return false;
    }
    if (!roster_check_entry(entries->type, entry, why))
        return false;
    append(entries, entry);
    return true;
}

/* ---- lines ------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str line)
{
    while (line.len > 0 && is_blank(line.data[0]))
        line = str_skip(line, 1);
    while (line.len > 0 && is_blank(line.data[line.len - 1]))
        line.len--;
    return line;
}

/* Takes the first line, without its end, off `rest`, which is not empty. */
static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->data, '\n', rest->len);
    struct str line = { rest->data,
                        end ? (size_t)(end - rest->data) : rest->len };

    *rest = str_skip(*rest, end ? line.len + 1 : line.len);
    return line;
}

static unsigned shown(size_t bytes)
{
    return (unsigned)(bytes < SHOWN_BYTES ? bytes : SHOWN_BYTES);
}

/* entry: a part of `line`. */
static struct place place_of(struct str name, unsigned number, struct str line,
                             struct str entry)
{
    return (struct place){
        .file = name,
        .line = number,
        .column = (unsigned)(entry.data - line.data) + 1,
        .width = shown(entry.len),
        .text = { line.data, shown(line.len) },
    };
}

/* What editors of other systems put in front of a text. */
static struct str skip_byte_order_mark(struct str text)
{
    struct str mark = STR("\xef\xbb\xbf");

    return str_starts_with(text, mark) ? str_skip(text, mark.len) : text;
}

bool roster_entries_read(struct roster_entries *entries, struct str name,
                         struct str text, struct diags *diags)
{
    struct str rest = skip_byte_order_mark(text);
    unsigned errors_before = diags->error_count;
    char why[ROSTER_WHY_SIZE];
    unsigned number = 0;

    while (rest.len > 0 && diags->error_count < DIAGS_MAX) {
        struct str line = take_line(&rest);
        struct str entry = trim(line);

        number++;
        if (entry.len == 0 || entry.data[0] == '#' ||
            roster_entries_add(entries, entry, why))
            continue;
        diags_add(diags, DIAG_ERROR, place_of(name, number, line, entry),
                  "the entry %s", why);
        if (is_full(entries))
            break;
    }
    return diags->error_count == errors_before;
}
