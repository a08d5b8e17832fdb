#include "config/locate.h"

#include "config/scan.h"

#include <assert.h>

struct locator {
    const struct source *source;
    struct arena *arena;
    struct diags *diags;
    struct scanner scanner;
    struct token token; /* the next one, not yet consumed */
    unsigned depth;
    uint32_t mark_count;
    bool has_duplicates;
};

static void advance(struct locator *locator)
{
    locator->token = scan_next(&locator->scanner);
}

/* Reports what is wrong at the next token. Returns false. */
static bool refuse(struct locator *locator, const char *message)
{
    size_t length = locator->token.length;

    diags_add(locator->diags, DIAG_ERROR,
              source_place(locator->source, locator->token.offset, length),
              "%s%s", message,
              locator->token.kind == TOKEN_END ? ", but the file ends here"
                                               : "");
    return false;
}

/* The same inside `whole`; where the text ends there, its start is shown. */
static bool refuse_in(struct locator *locator, const struct mark *whole,
                      const char *message)
{
    if (locator->token.kind != TOKEN_END || !whole->parent)
        return refuse(locator, message);
    diags_add(locator->diags, DIAG_ERROR, mark_place(whole),
              "%s is never closed", mark_kind_phrase(whole->kind));
    return false;
}

static struct mark *add_mark(struct locator *locator, struct mark *parent,
                             struct mark *last)
{
    struct mark *mark = arena_calloc(locator->arena, 1, sizeof(*mark));

    mark->source = locator->source;
    mark->parent = parent;
    mark->index = parent->child_count++;
    if (last)
        last->next = mark;
    else
        parent->first = mark;
    locator->mark_count++;
    return mark;
}

/* Whether the text is still worth reading. */
static bool may_go_on(struct locator *locator)
{
    if (locator->mark_count == SETTINGS_MAX)
        return refuse(locator, "too many settings");
    return locator->diags->error_count < DIAGS_MAX;
}

static bool read_value(struct locator *locator, struct mark *mark);

static const struct mark *find_member(const struct mark *group, struct str name)
{
    for (const struct mark *child = group->first; child; child = child->next)
        if (str_eq(child->name, name))
            return child;
    return NULL;
}

const struct mark *mark_find(const struct mark *group, const char *name)
{
    return find_member(group, str_of(name));
}

static void check_duplicate(struct locator *locator, const struct mark *group)
{
    const struct token *token = &locator->token;
    struct str name = { locator->source->text + token->offset, token->length };
    const struct mark *earlier = find_member(group, name);
    struct place place;

    if (!earlier)
        return;
    place = mark_name_place(earlier);
    diags_add(locator->diags, DIAG_ERROR,
              source_place(locator->source, token->offset, token->length),
              "`%.*s` is set twice; first in %.*s, line %u", STR_ARG(name),
              STR_ARG(place.file), place.line);
    locator->has_duplicates = true;
}

/* NAME = VALUE, and what ends it. */
static bool read_setting(struct locator *locator, struct mark *mark)
{
    mark->name = (struct str){ locator->source->text + locator->token.offset,
                               locator->token.length };
    mark->name_offset = locator->token.offset;
    advance(locator);
    if (locator->token.kind != TOKEN_EQUALS)
        return refuse(locator, "expected `=` after the name of a setting");
    advance(locator);
    if (!read_value(locator, mark))
        return false;
    if (locator->token.kind == TOKEN_SEMICOLON ||
        locator->token.kind == TOKEN_COMMA)
        advance(locator);
    return true;
}

/* Settings up to `end`, which is not consumed. */
static bool read_settings(struct locator *locator, struct mark *group,
                          enum token_kind end)
{
    struct mark *last = NULL;

    while (locator->token.kind != end) {
        if (locator->token.kind != TOKEN_NAME)
            return refuse_in(locator, group,
                             end == TOKEN_END
                                 ? "expected the name of a setting"
                                 : "expected the name of a setting, or `}`");
        if (group->child_count == GROUP_MEMBERS_MAX)
            return refuse(locator, "too many settings in one group");
        if (!may_go_on(locator))
            return false;
        check_duplicate(locator, group);
        last = add_mark(locator, group, last);
        if (!read_setting(locator, last))
            return false;
    }
    return true;
}

/* Values up to `end`, which is not consumed. */
static bool read_elements(struct locator *locator, struct mark *whole,
                          enum token_kind end)
{
    struct mark *last = NULL;

    if (locator->token.kind == end)
        return true;
    for (;;) {
        if (!may_go_on(locator))
            return false;
        last = add_mark(locator, whole, last);
        if (!read_value(locator, last))
            return false;
        if (locator->token.kind == end)
            return true;
        if (locator->token.kind != TOKEN_COMMA)
            return refuse_in(locator, whole,
                             end == TOKEN_ARRAY_END ? "expected `,` or `]`"
                                                    : "expected `,` or `)`");
        advance(locator);
        if (locator->token.kind == end)
            return refuse(locator, "expected a value after the last comma");
    }
}

/* libconfig wants simple values of one type. */
static bool check_array(struct locator *locator, const struct mark *array)
{
    for (const struct mark *child = array->first; child; child = child->next) {
        const char *why = NULL;

        if (mark_kind_has_parts(child->kind))
            why = "an array holds simple values only; a list is written ( )";
        else if (child->kind != array->first->kind)
            why = "all values of an array must have the type of the first";
        if (why) {
            diags_add(locator->diags, DIAG_ERROR, mark_place(child), "%s", why);
            return false;
        }
    }
    return true;
}

/* A group, array or list; its opening token is the next one. */
static bool read_aggregate(struct locator *locator, struct mark *mark)
{
    static const enum token_kind ends[] = {
        [MARK_GROUP] = TOKEN_GROUP_END,
        [MARK_ARRAY] = TOKEN_ARRAY_END,
        [MARK_LIST] = TOKEN_LIST_END,
    };
    enum token_kind end = ends[mark->kind];

    if (locator->depth == SETTING_DEPTH_MAX)
        return refuse(locator, "groups and lists are nested too deeply");
    locator->depth++;
    advance(locator);
    if (mark->kind == MARK_GROUP ? !read_settings(locator, mark, end)
                                 : !read_elements(locator, mark, end))
        return false;
    mark->end = locator->token.offset + locator->token.length;
    advance(locator);
    locator->depth--;
    return mark->kind != MARK_ARRAY || check_array(locator, mark);
}

/* One simple value; adjacent strings are one. */
static bool read_scalar(struct locator *locator, struct mark *mark)
{
    enum token_kind kind = locator->token.kind;

    do {
        if (locator->token.fault) {
            diags_add(locator->diags, DIAG_ERROR,
                      source_place(locator->source, locator->token.offset,
                                   locator->token.length),
                      "%s", locator->token.fault);
            mark->is_faulty = true;
        }
        mark->end = locator->token.offset + locator->token.length;
        advance(locator);
    } while (kind == TOKEN_STRING && locator->token.kind == TOKEN_STRING);
    return true;
}

static bool read_value(struct locator *locator, struct mark *mark)
{
    static const struct {
        enum token_kind token;
        enum mark_kind mark;
    } kinds[] = {
        { TOKEN_GROUP_START, MARK_GROUP }, { TOKEN_ARRAY_START, MARK_ARRAY },
        { TOKEN_LIST_START, MARK_LIST },   { TOKEN_BOOL, MARK_BOOL },
        { TOKEN_INTEGER, MARK_INTEGER },   { TOKEN_INTEGER64, MARK_INTEGER64 },
        { TOKEN_FLOAT, MARK_FLOAT },       { TOKEN_STRING, MARK_STRING },
    };

    mark->offset = locator->token.offset;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (locator->token.kind == kinds[i].token) {
            mark->kind = kinds[i].mark;
            return mark_kind_has_parts(mark->kind)
                       ? read_aggregate(locator, mark)
                       : read_scalar(locator, mark);
        }
    if (locator->token.kind == TOKEN_NAME)
        return refuse(locator, "expected a value; text must be in quotes");
    return refuse(locator, "expected a value");
}

const struct mark *locate(const struct source *source, struct arena *arena,
                          struct diags *diags)
{
    struct locator locator = {
        .source = source,
        .arena = arena,
        .diags = diags,
        .scanner = { .text = { source->text, source->length } },
    };
    struct mark *root = arena_calloc(arena, 1, sizeof(*root));

    *root = (struct mark){ .source = source,
                           .kind = MARK_GROUP,
                           .end = source->length };
    advance(&locator);
    if (!read_settings(&locator, root, TOKEN_END) || locator.has_duplicates)
        return NULL;
    return root;
}

bool mark_kind_has_parts(enum mark_kind kind)
{
    return kind <= MARK_LIST;
}

const char *mark_kind_phrase(enum mark_kind kind)
{
    switch (kind) {
    case MARK_GROUP:
        return "a group { }";
    case MARK_ARRAY:
        return "an array [ ]";
    case MARK_LIST:
        return "a list ( )";
    case MARK_BOOL:
        return "true or false";
    case MARK_INTEGER:
    case MARK_INTEGER64:
        return "an integer";
    case MARK_FLOAT:
        return "a number with a fraction";
    case MARK_STRING:
        return "a text";
    }
    return "a value";
}

struct str mark_path(const struct mark *mark, struct arena *arena)
{
    struct str parent;

    if (!mark->parent)
        return (struct str){ 0 };
    parent = mark_path(mark->parent, arena);
    if (mark->name.len == 0)
        return arena_printf(arena, "%.*s[%u]", STR_ARG(parent), mark->index);
    return arena_printf(arena, "%.*s%s%.*s", STR_ARG(parent),
                        parent.len > 0 ? "." : "", STR_ARG(mark->name));
}

struct place mark_place(const struct mark *mark)
{
    size_t width =
        mark_kind_has_parts(mark->kind) ? 1 : mark->end - mark->offset;

    return source_place(mark->source, mark->offset, width);
}

struct place mark_name_place(const struct mark *mark)
{
    if (mark->name.len == 0)
        return mark_place(mark);
    return source_place(mark->source, mark->name_offset, mark->name.len);
}

/* Walks over the pieces of a string's value, literal by literal. */
struct string_walk {
    struct str text; /* up to the end of the value */
    size_t at;
};

/* Moves to the next piece, across closing quote, blanks and opening quote:
 * its offset, or that of the last quote when there is none. */
static size_t walk_to_piece(struct string_walk *walk)
{
    while (walk->text.data[walk->at] == '"') {
        struct scanner scanner = { walk->text, walk->at + 1 };
        struct token token = scan_next(&scanner);

        if (token.kind != TOKEN_STRING)
            break;
        walk->at = token.offset + 1;
    }
    return walk->at;
}

struct place mark_text_place(const struct mark *mark, size_t offset,
                             size_t length)
{
    struct string_walk walk = { .text = { mark->source->text, mark->end },
                                .at = mark->offset + 1 };
    size_t start = walk_to_piece(&walk), end = start;

    assert(mark->kind == MARK_STRING);
    for (size_t i = 0; i < offset + length; i++) {
        char byte;

        if (walk.text.data[walk.at] == '"')
            break;
        end = walk.at += scan_string_piece(walk.text, walk.at, &byte);
        walk_to_piece(&walk);
        if (i < offset)
            start = end = walk.at;
    }
    return source_place(mark->source, start, end - start);
}
