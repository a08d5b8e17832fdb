#include "config/convert.h"

#include "config/address.h"
#include "config/entry.h"
#include "config/quantity.h"
#include "policy/base/clock.h"
#include "policy/expr/timestamp.h"

#include <assert.h>
#include <inttypes.h>

bool convert_refuse(const struct converter *converter,
                    const struct field *field, const struct mark *mark)
{
    diags_add(converter->diags, DIAG_ERROR, mark_place(mark),
              "`%s` must be %s, not %s", field->name,
              field_kind_phrase(field->kind), mark_kind_phrase(mark->kind));
    return false;
}

/* ---- integers ---------------------------------------------------------- */

static bool is_integer(enum mark_kind kind)
{
    return kind == MARK_INTEGER || kind == MARK_INTEGER64;
}

static enum quantity quantity_of(const struct field *field)
{
    return field->kind == FIELD_BYTES      ? QUANTITY_BYTES
           : field->kind == FIELD_DURATION ? QUANTITY_DURATION
                                           : QUANTITY_COUNT;
}

/* Stores into an integer, an enum or a bool. */
static void store_integer(const struct field *field, void *target,
                          int64_t value)
{
    void *member = (char *)target + field->offset;
    int32_t narrow = (int32_t)value;
    bool truth = value != 0;

    if (field->size == sizeof(value)) {
        memcpy(member, &value, sizeof(value));
    } else if (field->size == sizeof(narrow)) {
        memcpy(member, &narrow, sizeof(narrow));
    } else {
        assert(field->size == sizeof(truth));
        memcpy(member, &truth, sizeof(truth));
    }
}

static int64_t load_integer(const struct field *field, const void *target)
{
    const void *member = (const char *)target + field->offset;
    int64_t value;
    int32_t narrow;
    bool truth;

    if (field->size == sizeof(value)) {
        memcpy(&value, member, sizeof(value));
        return value;
    }
    if (field->size == sizeof(narrow)) {
        memcpy(&narrow, member, sizeof(narrow));
        return narrow;
    }
    assert(field->size == sizeof(truth));
    memcpy(&truth, member, sizeof(truth));
    return truth;
}

/* After 1970, so that 0 can mean none, and such that it fits. */
static bool parse_time(struct str text, int64_t *time_ns, const char **why)
{
    struct instant instant;

    *why = "must be a time such as \"2026-12-01T00:00:00Z\"";
    if (!timestamp_parse(text, &instant))
        return false;
    *why = "must be in the years 1971 to 2261";
    return !__builtin_mul_overflow(instant.seconds, SECOND, time_ns) &&
           !__builtin_add_overflow(*time_ns, (int64_t)instant.nanos, time_ns) &&
           *time_ns > 0;
}

static struct str show_time(int64_t time_ns, struct arena *arena)
{
    struct value value = { .type = VALUE_TIMESTAMP,
                           .instant = { time_ns / SECOND,
                                        (int32_t)(time_ns % SECOND) } };

    return value_text(&value, arena);
}

static bool convert_time(const struct converter *converter,
                         const struct field *field, const struct given *given,
                         int64_t *time_ns)
{
    const char *why;

    if (given->kind != MARK_STRING)
        return convert_refuse(converter, field, given->mark);
    if (parse_time(given->text, time_ns, &why))
        return true;
    diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark), "`%s` %s",
              field->name, why);
    return false;
}

/* "a", "b", "c" */
static struct str list_choices(const struct converter *converter,
                               const struct field *field)
{
    struct str all = STR("");

    for (const struct choice *choice = field->choices; choice->name; choice++)
        all = arena_printf(converter->arena, "%.*s%s\"%s\"", STR_ARG(all),
                           all.len > 0 ? ", " : "", choice->name);
    return all;
}

/* A word in place of a duration, or NULL. */
static const struct choice *find_word(const struct field *field,
                                      const struct given *given)
{
    return field->kind == FIELD_DURATION && field->choices &&
                   given->kind == MARK_STRING
               ? choice_find(field->choices, given->text)
               : NULL;
}

static bool convert_number(const struct converter *converter,
                           const struct field *field, const struct given *given,
                           int64_t *number)
{
    const char *why = "needs a unit, in quotes: \"5s\"";
    bool is_good;

    if (given->kind == MARK_STRING) {
        is_good = quantity_parse(given->text, quantity_of(field), number, &why);
    } else if (is_integer(given->kind)) {
        *number = given->integer;
        is_good = field->kind != FIELD_DURATION || *number == 0;
    } else {
        return convert_refuse(converter, field, given->mark);
    }
    if (!is_good && field->choices)
        diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
                  "`%s` %s, nor is it one of %.*s", field->name, why,
                  STR_ARG(list_choices(converter, field)));
    else if (!is_good)
        diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
                  "`%s` %s", field->name, why);
    return is_good;
}

static bool check_range(const struct converter *converter,
                        const struct field *field, const struct given *given,
                        int64_t number)
{
    struct str least, most;

    if (number >= field->least && number <= field->most)
        return true;
    least = quantity_format(field->least, quantity_of(field), converter->arena);
    most = quantity_format(field->most, quantity_of(field), converter->arena);
    diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
              "`%s` must be from %.*s to %.*s", field->name, STR_ARG(least),
              STR_ARG(most));
    return false;
}

static bool convert_choice(const struct converter *converter,
                           const struct field *field, const struct given *given,
                           int64_t *number)
{
    const struct choice *choice;

    if (given->kind != MARK_STRING)
        return convert_refuse(converter, field, given->mark);
    choice = choice_find(field->choices, given->text);
    if (choice) {
        *number = choice->value;
        return true;
    }
    diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
              "`%s` cannot be \"%.*s\"; allowed: %.*s", field->name,
              STR_ARG(given->text), STR_ARG(list_choices(converter, field)));
    return false;
}

static bool convert_integer(const struct converter *converter,
                            const struct field *field,
                            const struct given *given, void *target)
{
    const struct choice *word = find_word(field, given);
    int64_t number = word ? word->value : given->integer;
    bool is_good;

    if (field->kind == FIELD_BOOL)
        is_good = given->kind == MARK_BOOL ||
                  convert_refuse(converter, field, given->mark);
    else if (field->kind == FIELD_CHOICE)
        is_good = convert_choice(converter, field, given, &number);
    else if (field->kind == FIELD_TIME)
        is_good = convert_time(converter, field, given, &number);
    else
        is_good = word || (convert_number(converter, field, given, &number) &&
                           check_range(converter, field, given, number));
    if (is_good)
        store_integer(field, target, number);
    return is_good;
}

/* ---- texts ------------------------------------------------------------- */

/* A text for people, names and keys: bounded, and on one line. */
static bool check_text(const struct converter *converter,
                       const struct field *field, const struct given *given)
{
    struct str text = given->text;

    if (text.len < (size_t)field->least || text.len > (size_t)field->most) {
        diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
                  "`%s` must have from %" PRId64 " to %" PRId64 " bytes",
                  field->name, field->least, field->most);
        return false;
    }
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f) {
            diags_add(converter->diags, DIAG_ERROR,
                      mark_text_place(given->mark, i, 1),
                      "`%s` must not hold control characters", field->name);
            return false;
        }
    return true;
}

/* NULL, or what is wrong. */
static const char *address_fault(const struct field *field, struct str text)
{
    struct address address;
    const char *why;

    if (!address_parse(text, &address, &why))
        return why;
    if (field->kind == FIELD_HOST_PORT && address.path.len > 0)
        return "must be host:port";
    if (field->kind == FIELD_SOCKET && address.path.len == 0)
        return "must be unix:/path";
    if (field->is_bound && !address_is_bindable(&address))
        return "must have an IP address or localhost as its host";
    return NULL;
}

static bool check_address(const struct converter *converter,
                          const struct field *field, const struct given *given)
{
    const char *why;

    if (field->kind != FIELD_ADDRESSES && given->text.len == 0)
        return true;
    why = address_fault(field, given->text);
    if (why)
        diags_add(converter->diags, DIAG_ERROR, mark_place(given->mark),
                  "the address \"%.*s\" %s", STR_ARG(given->text), why);
    return !why;
}

static bool check_string(const struct converter *converter,
                         const struct field *field, const struct given *given)
{
    if (field->kind == FIELD_AMOUNT && is_integer(given->kind))
        return check_range(converter, field, given, given->integer);
    if (given->kind != MARK_STRING)
        return convert_refuse(converter, field, given->mark);
    if (field->kind == FIELD_TEXT)
        return check_text(converter, field, given);
    if (field->kind == FIELD_ADDRESSES || field->kind == FIELD_HOST_PORT ||
        field->kind == FIELD_SOCKET)
        return check_address(converter, field, given);
    return true;
}

static void store_addresses(const struct converter *converter,
                            const struct given *values, uint32_t count,
                            struct str_array *array)
{
    struct str *items = arena_calloc(converter->arena, count, sizeof(*items));

    for (uint32_t i = 0; i < count; i++)
        items[i] = arena_copy(converter->arena, values[i].text);
    *array = (struct str_array){ items, count };
}

static void store_texts(const struct converter *converter,
                        const struct given *values, uint32_t count,
                        struct texts *texts)
{
    struct text *items = arena_calloc(converter->arena, count, sizeof(*items));

    for (uint32_t i = 0; i < count; i++)
        items[i] = (struct text){ arena_copy(converter->arena, values[i].text),
                                  values[i].mark };
    *texts = (struct texts){ items, count };
}

/* An integer is an expression too. */
static struct text make_text(const struct converter *converter,
                             const struct given *given)
{
    struct str text =
        given->kind == MARK_STRING
            ? arena_copy(converter->arena, given->text)
            : arena_printf(converter->arena, "%" PRId64, given->integer);

    return (struct text){ text, given->mark };
}

static void store_strings(const struct converter *converter,
                          const struct field *field, const struct given *values,
                          uint32_t count, void *target)
{
    void *member = (char *)target + field->offset;

    if (field->kind == FIELD_ADDRESSES)
        store_addresses(converter, values, count, member);
    else if (field_has_parts(field))
        store_texts(converter, values, count, member);
    else if (field->kind == FIELD_EXPRESSION || field->kind == FIELD_AMOUNT)
        *(struct text *)member = make_text(converter, &values[0]);
    else
        *(struct str *)member = arena_copy(converter->arena, values[0].text);
}

/* ------------------------------------------------------------------------ */

bool convert(const struct converter *converter, const struct field *field,
             const struct given *values, uint32_t count, void *target)
{
    bool is_good = true;

    if (field_is_integer(field))
        return convert_integer(converter, field, &values[0], target);
    for (uint32_t i = 0; i < count; i++)
        is_good = check_string(converter, field, &values[i]) && is_good;
    if (is_good)
        store_strings(converter, field, values, count, target);
    return is_good;
}

static struct str show_addresses(const struct str_array *array,
                                 struct arena *arena)
{
    struct str all = STR("[");

    for (uint32_t i = 0; i < array->count; i++)
        all = arena_printf(arena, "%.*s%s\"%.*s\"", STR_ARG(all),
                           i > 0 ? ", " : "", STR_ARG(array->items[i]));
    return arena_printf(arena, "%.*s]", STR_ARG(all));
}

/* ["a", "b"] of an array, [x = "a", y = "b"] of a map. */
static struct str show_texts(const struct texts *texts, bool is_map,
                             struct arena *arena)
{
    struct str all = STR("[");

    for (uint32_t i = 0; i < texts->count; i++) {
        const struct mark *mark = texts->items[i].mark;
        struct str name = is_map ? mark->name : STR("");

        all = arena_printf(arena, "%.*s%s%.*s%s\"%.*s\"", STR_ARG(all),
                           i > 0 ? ", " : "", STR_ARG(name),
                           name.len > 0 ? " = " : "",
                           STR_ARG(texts->items[i].text));
    }
    return arena_printf(arena, "%.*s]", STR_ARG(all));
}

struct str convert_show(const struct field *field, const void *target,
                        struct arena *arena)
{
    const void *member = (const char *)target + field->offset;
    const struct text *text = member;
    const struct str *string = member;

    switch (field->kind) {
    case FIELD_BOOL:
        return load_integer(field, target) ? STR("true") : STR("false");
    case FIELD_DURATION:
        if (load_integer(field, target) < 0)
            return str_of(
                choice_name(field->choices, (int)load_integer(field, target)));
        return quantity_format(load_integer(field, target), quantity_of(field),
                               arena);
    case FIELD_INTEGER:
    case FIELD_BYTES:
        return quantity_format(load_integer(field, target), quantity_of(field),
                               arena);
    case FIELD_TIME:
        return show_time(load_integer(field, target), arena);
    case FIELD_CHOICE:
        return str_of(
            choice_name(field->choices, (int)load_integer(field, target)));
    case FIELD_TEXT:
    case FIELD_HOST_PORT:
    case FIELD_SOCKET:
        return arena_printf(arena, "\"%.*s\"", STR_ARG(*string));
    case FIELD_EXPRESSION:
    case FIELD_AMOUNT:
        return arena_printf(arena, "\"%.*s\"", STR_ARG(text->text));
    case FIELD_ADDRESSES:
        return show_addresses(member, arena);
    case FIELD_NAMES:
        return show_texts(member, false, arena);
    case FIELD_EXPRESSION_MAP:
    case FIELD_TEXT_MAP:
        return show_texts(member, true, arena);
    case FIELD_GROUP:
    case FIELD_OPTIONAL_GROUP:
    case FIELD_LIST:
    case FIELD_NAMED_LIST:
        break;
    }
    return STR("");
}
