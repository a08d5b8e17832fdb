#include "config/load.h"

/* Source: RFC 9110, 5.6.2, token. HTTP/2's own, such as ":path", too. */
static bool is_header_name(struct str name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    if (name.len > 0 && name.data[0] == ':')
        name = str_skip(name, 1);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';

        if (!is_letter && !is_digit && !memchr(others, c, sizeof(others) - 1))
            return false;
    }
    return name.len > 0;
}

static struct str lower_case(struct str name, struct arena *arena)
{
    char *lower = arena_alloc(arena, name.len + 1);

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){ lower, name.len };
}

/* ---- of a request that passes ------------------------------------------ */

static void check_header(struct load *load, const struct header_entry *entry)
{
    const struct mark *name = mark_find(entry->mark, "name");
    bool has_value = mark_find(entry->mark, "value") != NULL;

    if (entry->name.len > 0 && !is_header_name(entry->name))
        diags_add(load->diags, DIAG_ERROR, mark_place(name),
                  "`%.*s` is no name of a header", STR_ARG(entry->name));
    if (entry->operation == HEADER_REMOVE && has_value)
        diags_add(load->diags, DIAG_ERROR,
                  mark_name_place(mark_find(entry->mark, "value")),
                  "REMOVE has no `value`");
    if (entry->operation != HEADER_REMOVE && !has_value)
        diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
                  "`value` is missing");
}

struct header_rules load_headers(struct load *load,
                                 const struct entries *entries)
{
    const struct header_entry *items = entries->items;
    struct header_rule *headers =
        arena_calloc(&load->snapshot->arena, entries->count, sizeof(*headers));

    for (uint32_t i = 0; i < entries->count; i++) {
        if (items[i].mark->kind != MARK_GROUP)
            continue; /* reported already */
        check_header(load, &items[i]);
        headers[i] = (struct header_rule){
            .name = lower_case(items[i].name, &load->snapshot->arena),
            .value = load_text_expression(load, &items[i].value, "a header"),
            .operation = items[i].operation,
        };
    }
    return (struct header_rules){ headers, entries->count };
}

/* ---- of a refusal ------------------------------------------------------ */

static bool is_one_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return false;
    return true;
}

void load_denial_headers(struct load *load, const struct texts *texts,
                         struct denial *denial)
{
    struct arena *arena = &load->snapshot->arena;
    struct header_change *headers =
        arena_calloc(arena, texts->count, sizeof(*headers));

    for (uint32_t i = 0; i < texts->count; i++) {
        const struct text *text = &texts->items[i];

        if (!is_one_line(text->text))
            diags_add(load->diags, DIAG_ERROR, mark_place(text->mark),
                      "a header must not hold control characters");
        headers[i] = (struct header_change){
            .name = lower_case(text->mark->name, arena),
            .value = text->text,
            .operation = HEADER_REPLACE,
        };
    }
    denial->headers = headers;
    denial->header_count = texts->count;
}
