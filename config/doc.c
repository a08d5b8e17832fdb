#include "config/doc.h"

#include "config/quantity.h"
#include "config/schema.h"

#include <assert.h>
#include <inttypes.h>

static const char head[] =
    "# The configuration file\n"
    "\n"
    "<!-- Written by config-doc from config/schema.c; edit that. -->\n"
    "\n"
    "One file, in [libconfig](https://hyperrealm.github.io/libconfig/)'s "
    "syntax:\n"
    "`name = value;`, groups `{ }`, arrays `[ ]` of simple values, lists `( )` "
    "of\n"
    "anything, comments `#`, `//` and `/* */`. Adjacent strings are one "
    "string.\n"
    "`config/sluice.conf` is a commented example, and what runs when no file "
    "is\n"
    "named. `sluice validate FILE` checks a file.\n"
    "\n"
    "- `@include \"path\"`, alone on its line, stands for the text of another "
    "file;\n"
    "  the path is relative to the including file.\n"
    "- Unknown keys are errors.\n"
    "- A *size* is `\"64MiB\"`, `\"10kB\"` or a number of bytes. A *duration* "
    "is\n"
    "  `\"5ms\"`, with one of the units ns us ms s m h d. A *time* is "
    "`\"2026-12-01T00:00:00Z\"`\n"
    "  or `\"2026-12-01T00:00:00+01:00\"` (RFC 3339). A whole number may be\n"
    "  written in quotes; beyond 2147483647 it must be.\n"
    "- An *expression* reads attributes of the request. `a | 'x'` is `'x'` "
    "where `a`\n"
    "  is absent. Strings in it are written `'...'`, `\\\"...\\\"` or "
    "`` `...` ``.\n"
    "- A changed file takes effect at once and as a whole, or is refused with "
    "the\n"
    "  place of each mistake, and the old one stays. Keys marked *restart* "
    "take\n"
    "  effect at the next start only.\n";

static const char *kind_name(const struct field *field)
{
    switch (field->kind) {
    case FIELD_BOOL:
        return "true or false";
    case FIELD_INTEGER:
        return "integer";
    case FIELD_BYTES:
        return "size";
    case FIELD_DURATION:
        return "duration";
    case FIELD_TIME:
        return "time";
    case FIELD_CHOICE:
        return "one of";
    case FIELD_TEXT:
        return "text";
    case FIELD_HOST_PORT:
    case FIELD_SOCKET:
        return "address";
    case FIELD_ADDRESSES:
        return "address or array of them";
    case FIELD_NAMES:
        return "name or array of names";
    case FIELD_EXPRESSION:
        return "expression";
    case FIELD_AMOUNT:
        return "integer or expression";
    case FIELD_EXPRESSION_MAP:
        return "group of expressions";
    case FIELD_TEXT_MAP:
        return "group of texts";
    case FIELD_GROUP:
    case FIELD_OPTIONAL_GROUP:
        return "group";
    case FIELD_LIST:
        return "list of groups";
    case FIELD_NAMED_LIST:
        return "name, array of names or list of groups";
    }
    return "";
}

static void write_range(const struct field *field, FILE *out)
{
    enum quantity quantity = field->kind == FIELD_BYTES      ? QUANTITY_BYTES
                             : field->kind == FIELD_DURATION ? QUANTITY_DURATION
                                                             : QUANTITY_COUNT;
    struct arena arena;
    struct str least, most;

    arena_init(&arena, 0);
    least = quantity_format(field->least, quantity, &arena);
    most = quantity_format(field->most, quantity, &arena);
    fprintf(out, ", %.*s to %.*s", STR_ARG(least), STR_ARG(most));
    if (field->kind == FIELD_TEXT)
        fprintf(out, " bytes");
    arena_fini(&arena);
}

static void write_type(const struct field *field, FILE *out)
{
    bool is_choice = field->kind == FIELD_CHOICE;

    fprintf(out, "%s", kind_name(field));
    if (!is_choice && field->most > 0)
        write_range(field, out);
    for (const struct choice *choice = field->choices; choice && choice->name;
         choice++)
        fprintf(out, "%s `\"%s\"`",
                is_choice && choice == field->choices ? "" : ",", choice->name);
}

static void write_default(const struct field *field, FILE *out)
{
    bool is_bare = field->kind == FIELD_BOOL || field->kind == FIELD_INTEGER;

    if (field->is_required)
        fprintf(out, "*required*");
    else if (field->fallback)
        fprintf(out, is_bare ? "`%s`" : "`\"%s\"`", field->fallback);
    else
        fprintf(out, "-");
}

static void write_row(const struct field *field, FILE *out)
{
    fprintf(out, "| `%s` | ", field->name);
    write_type(field, out);
    fprintf(out, " | ");
    write_default(field, out);
    fprintf(out, " | %s%s |\n", field->doc,
            field->needs_restart ? " *Restart.*" : "");
}

/* The group `path`, then the groups in it. */
static void write_group(const struct group *group, const char *path, FILE *out)
{
    fprintf(out, "\n## %s\n\n%s\n\n", path, group->doc);
    fprintf(out, "| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < group->field_count; i++)
        write_row(&group->fields[i], out);
    for (uint32_t i = 0; i < group->field_count; i++) {
        const struct field *field = &group->fields[i];
        char inner[128];
        int len;

        if (!field->group)
            continue;
        len = snprintf(inner, sizeof(inner), "%s.%s", path, field->name);
        assert(len > 0 && (size_t)len < sizeof(inner));
        write_group(field->group, inner, out);
    }
}

void doc_write(FILE *out)
{
    fputs(head, out);
    for (uint32_t i = 0; i < document_group.field_count; i++)
        write_group(document_group.fields[i].group,
                    document_group.fields[i].name, out);
}
