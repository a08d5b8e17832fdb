#include "config/read.h"

#include "config/convert.h"
#include "config/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <libconfig.h>

struct reader {
    struct converter converter;
    struct settings *settings;
};

/* The same value twice: libconfig's, and where it stands. */
struct node {
    const config_setting_t *setting;
    const struct mark *mark;
};

/* A group or list element, for `settings`. */
struct scope {
    struct str path;
    uint32_t depth;
};

static struct node child_node(struct node parent, const struct mark *mark)
{
    const config_setting_t *setting =
        config_setting_get_elem(parent.setting, mark->index);

    assert(setting);
    return (struct node){ setting, mark };
}

static struct given given_of(struct node node)
{
    struct given given = { .kind = node.mark->kind, .mark = node.mark };

    switch (node.mark->kind) {
    case MARK_BOOL:
        given.integer = config_setting_get_bool(node.setting);
        break;
    case MARK_INTEGER:
    case MARK_INTEGER64:
        given.integer = config_setting_get_int64(node.setting);
        break;
    case MARK_STRING:
        given.text = str_of(config_setting_get_string(node.setting));
        break;
    case MARK_FLOAT:
    case MARK_GROUP:
    case MARK_ARRAY:
    case MARK_LIST:
        break;
    }
    return given;
}

/* ---- what is recorded -------------------------------------------------- */

static struct scope inner_scope(struct reader *reader,
                                const struct scope *scope, const char *name)
{
    return (struct scope){
        .path = arena_printf(reader->converter.arena, "%.*s%s%s",
                             STR_ARG(scope->path),
                             scope->path.len > 0 ? "." : "", name),
        .depth = scope->depth + 1,
    };
}

static void record(struct reader *reader, const struct field *field,
                   const struct scope *scope, struct str value)
{
    settings_add(reader->settings, reader->converter.arena,
                 (struct setting){
                     .path = inner_scope(reader, scope, field->name).path,
                     .value = value,
                     .depth = scope->depth,
                     .needs_restart = field->needs_restart,
                 });
}

/* ---- values ------------------------------------------------------------ */

static void read_values(struct reader *reader, const struct field *field,
                        const struct given *values, uint32_t count,
                        const struct scope *scope, void *target)
{
    const struct converter *converter = &reader->converter;

    if (convert(converter, field, values, count, target))
        record(reader, field, scope,
               convert_show(field, target, converter->arena));
}

static bool check_count(struct reader *reader, const struct field *field,
                        const struct mark *whole)
{
    bool is_few = whole->child_count < (uint64_t)field->least;

    if (!is_few && whole->child_count <= (uint64_t)field->most)
        return true;
    diags_add(reader->converter.diags, DIAG_ERROR, mark_place(whole),
              "`%s` must have at %s %" PRId64 ", not %" PRIu32, field->name,
              is_few ? "least" : "most", is_few ? field->least : field->most,
              whole->child_count);
    return false;
}

/* The elements of an array or a list, or the members of a map. */
static void read_parts(struct reader *reader, const struct field *field,
                       struct node node, const struct scope *scope,
                       void *target)
{
    struct given *values;
    uint32_t count = 0;

    if (!check_count(reader, field, node.mark))
        return;
    values = arena_calloc(reader->converter.arena, node.mark->child_count,
                          sizeof(*values));
    for (const struct mark *mark = node.mark->first; mark; mark = mark->next)
        values[count++] = given_of(child_node(node, mark));
    read_values(reader, field, values, count, scope, target);
}

static void read_group(struct reader *reader, const struct group *group,
                       struct node node, const struct scope *scope,
                       void *target);
static void read_field(struct reader *reader, const struct field *field,
                       struct node node, const struct scope *scope,
                       void *target);
static void read_absent(struct reader *reader, const struct field *field,
                        const struct mark *group, const struct scope *scope,
                        void *target);

static void read_optional_group(struct reader *reader,
                                const struct field *field, struct node node,
                                const struct scope *scope, void *target)
{
    struct scope inner = inner_scope(reader, scope, field->name);
    void *group = arena_calloc(reader->converter.arena, 1, field->group->size);

    record(reader, field, scope, (struct str){ 0 });
    memcpy((char *)target + field->offset, &group, sizeof(group));
    read_group(reader, field->group, node, &inner, group);
}

/* The text that names an element; setting == NULL: it has none. */
static struct node name_node(struct node element)
{
    const struct mark *mark = element.mark->kind == MARK_GROUP
                                  ? mark_find(element.mark, "name")
                                  : element.mark;

    if (!mark || mark->kind != MARK_STRING)
        return (struct node){ 0 };
    return mark == element.mark ? element : child_node(element, mark);
}

/* "quotas.in-flight", or "overrides[0]" where there is no name. */
static struct scope element_scope(struct reader *reader, struct node element,
                                  const struct scope *list)
{
    struct arena *arena = reader->converter.arena;
    struct node name = name_node(element);
    struct scope scope = { .depth = list->depth + 1 };

    if (name.setting) {
        scope.path = arena_printf(arena, "%.*s.%.*s", STR_ARG(list->path),
                                  STR_ARG(given_of(name).text));
    } else {
        scope.path = arena_printf(arena, "%.*s[%" PRIu32 "]",
                                  STR_ARG(list->path), element.mark->index);
    }
    return scope;
}

/* A text in a list of groups: as a group with a name only. */
static void read_name(struct reader *reader, const struct group *group,
                      struct node element, const struct scope *scope,
                      void *target)
{
    for (uint32_t i = 0; i < group->field_count; i++) {
        const struct field *field = &group->fields[i];

        if (str_eq(str_of(field->name), STR("name")))
            read_field(reader, field, element, scope, target);
        else
            read_absent(reader, field, element.mark, scope, target);
    }
}

/* One group of a list. Its struct begins with its mark. */
static void read_element(struct reader *reader, const struct field *field,
                         struct node element, const struct scope *list,
                         void *target)
{
    bool is_name =
        field->kind == FIELD_NAMED_LIST && element.mark->kind == MARK_STRING;
    struct scope scope;

    memcpy(target, &element.mark, sizeof(element.mark));
    if (element.mark->kind != MARK_GROUP && !is_name) {
        convert_refuse(&reader->converter, field, element.mark);
        return;
    }
    scope = element_scope(reader, element, list);
    settings_add(reader->settings, reader->converter.arena,
                 (struct setting){ .path = scope.path, .depth = list->depth });
    if (is_name)
        read_name(reader, field->group, element, &scope, target);
    else
        read_group(reader, field->group, element, &scope, target);
}

static void read_list(struct reader *reader, const struct field *field,
                      struct node node, const struct scope *scope, void *target)
{
    struct scope list = { inner_scope(reader, scope, field->name).path,
                          scope->depth };
    bool is_alone = !mark_kind_has_parts(node.mark->kind);
    uint32_t count = is_alone ? 1 : node.mark->child_count;
    size_t size = field->group->size;
    struct entries *entries;
    char *items;

    if (!is_alone && !check_count(reader, field, node.mark))
        return;
    items = arena_calloc(reader->converter.arena, count, size);
    entries = (void *)((char *)target + field->offset);
    *entries = (struct entries){ items, count };
    if (is_alone)
        read_element(reader, field, node, &list, items);
    for (const struct mark *mark = node.mark->first; mark; mark = mark->next)
        read_element(reader, field, child_node(node, mark), &list,
                     items + mark->index * size);
}

/* ---- groups ------------------------------------------------------------ */

/* Whether a value of that form can be what the field wants. */
static bool is_fit(const struct field *field, enum mark_kind kind)
{
    switch (field->kind) {
    case FIELD_GROUP:
    case FIELD_OPTIONAL_GROUP:
    case FIELD_EXPRESSION_MAP:
    case FIELD_TEXT_MAP:
        return kind == MARK_GROUP;
    case FIELD_LIST:
        return kind == MARK_LIST;
    case FIELD_NAMED_LIST:
    case FIELD_ADDRESSES:
    case FIELD_NAMES:
        return kind == MARK_ARRAY || kind == MARK_LIST || kind == MARK_STRING;
    case FIELD_BOOL:
    case FIELD_INTEGER:
    case FIELD_BYTES:
    case FIELD_DURATION:
    case FIELD_TIME:
    case FIELD_CHOICE:
    case FIELD_TEXT:
    case FIELD_HOST_PORT:
    case FIELD_SOCKET:
    case FIELD_EXPRESSION:
    case FIELD_AMOUNT:
        return !mark_kind_has_parts(kind);
    }
    return false;
}

static void read_field(struct reader *reader, const struct field *field,
                       struct node node, const struct scope *scope,
                       void *target)
{
    enum mark_kind kind = node.mark->kind;
    struct given given;

    if (node.mark->is_faulty)
        return;
    if (!is_fit(field, kind)) {
        convert_refuse(&reader->converter, field, node.mark);
    } else if (field->kind == FIELD_LIST || field->kind == FIELD_NAMED_LIST) {
        read_list(reader, field, node, scope, target);
    } else if (field->kind == FIELD_OPTIONAL_GROUP) {
        read_optional_group(reader, field, node, scope, target);
    } else if (field->kind == FIELD_GROUP) {
        struct scope inner = inner_scope(reader, scope, field->name);

        read_group(reader, field->group, node, &inner,
                   (char *)target + field->offset);
    } else if (mark_kind_has_parts(kind)) {
        read_parts(reader, field, node, scope, target);
    } else {
        given = given_of(node);
        read_values(reader, field, &given, 1, scope, target);
    }
}

/* What is not written: its default, which is always valid. */
static void read_absent(struct reader *reader, const struct field *field,
                        const struct mark *group, const struct scope *scope,
                        void *target)
{
    struct given given = { .kind = MARK_STRING };

    if (field->is_required) {
        diags_add(reader->converter.diags, DIAG_ERROR, mark_place(group),
                  "`%s` is missing in %.*s", field->name,
                  STR_ARG(mark_path(group, reader->converter.arena)));
    } else if (field->kind == FIELD_GROUP) {
        struct scope inner = inner_scope(reader, scope, field->name);

        read_group(reader, field->group, (struct node){ 0 }, &inner,
                   (char *)target + field->offset);
    } else if (field->fallback) {
        given.text = str_of(field->fallback);
        if (field->kind == FIELD_BOOL) {
            given.kind = MARK_BOOL;
            given.integer = str_eq(given.text, STR("true"));
        }
        read_values(reader, field, &given, 1, scope, target);
    }
}

static void refuse_unknown(struct reader *reader, const struct group *group,
                           const struct mark *mark)
{
    struct arena *arena = reader->converter.arena;
    struct str path = mark_path(mark->parent, arena);
    struct str nearest = group_nearest(group, mark->name);
    struct str hint = STR(""), where = STR("");

    if (path.len > 0)
        where = arena_printf(arena, " in %.*s", STR_ARG(path));
    if (nearest.len > 0)
        hint = arena_printf(arena, ", did you mean `%.*s`?", STR_ARG(nearest));
    diags_add(reader->converter.diags, DIAG_ERROR, mark_name_place(mark),
              "unknown key `%.*s`%.*s%.*s", STR_ARG(mark->name), STR_ARG(where),
              STR_ARG(hint));
}

/* node: zero where the group is absent. */
static void read_group(struct reader *reader, const struct group *group,
                       struct node node, const struct scope *scope,
                       void *target)
{
    const struct mark *mark = node.mark ? node.mark->first : NULL;
    uint64_t seen = 0;

    assert(group->field_count <= 64);
    for (; mark; mark = mark->next) {
        const struct field *field = group_find(group, mark->name);

        if (reader->converter.diags->error_count >= DIAGS_MAX)
            return;
        if (!field) {
            refuse_unknown(reader, group, mark);
            continue;
        }
        seen |= UINT64_C(1) << (field - group->fields);
        read_field(reader, field, child_node(node, mark), scope, target);
    }
    for (uint32_t i = 0; i < group->field_count; i++)
        if (!(seen >> i & 1))
            read_absent(reader, &group->fields[i], node.mark, scope, target);
}

bool read_document(const struct mark *root, struct document *document,
                   struct settings *settings, struct arena *arena,
                   struct diags *diags)
{
    struct reader reader = { { arena, diags }, settings };
    const struct scope scope = { .path = STR_INIT("") };
    struct node node = { .mark = root };
    unsigned errors_before = diags->error_count;
    config_t config;

    *document = (struct document){ 0 };
    config_init(&config);
    if (config_read_string(&config, root->source->text)) {
        node.setting = config_root_setting(&config);
        read_group(&reader, &document_group, node, &scope, document);
    } else {
        diags_add(diags, DIAG_ERROR,
                  source_line_place(root->source,
                                    (unsigned)config_error_line(&config)),
                  "%s", config_error_text(&config));
    }
    config_destroy(&config);
    return diags->error_count == errors_before;
}
