#include "config/field.h"

#include "policy/base/nearest.h"

#include <assert.h>

const struct field *group_find(const struct group *group, struct str name)
{
    for (uint32_t i = 0; i < group->field_count; i++)
        if (str_eq(str_of(group->fields[i].name), name))
            return &group->fields[i];
    return NULL;
}

struct str group_nearest(const struct group *group, struct str name)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (uint32_t i = 0; i < group->field_count; i++)
        nearest_offer(&nearest, str_of(group->fields[i].name));
    return nearest_name(&nearest);
}

bool field_is_integer(const struct field *field)
{
    return field->kind <= FIELD_CHOICE;
}

bool field_has_parts(const struct field *field)
{
    return field->kind == FIELD_ADDRESSES || field->kind == FIELD_NAMES ||
           field->kind == FIELD_EXPRESSION_MAP || field->kind == FIELD_TEXT_MAP;
}

const char *field_kind_phrase(enum field_kind kind)
{
    switch (kind) {
    case FIELD_BOOL:
        return "true or false";
    case FIELD_INTEGER:
        return "an integer";
    case FIELD_BYTES:
        return "a size such as \"64MiB\"";
    case FIELD_DURATION:
        return "a duration such as \"5s\"";
    case FIELD_TIME:
        return "a time such as \"2026-12-01T00:00:00Z\"";
    case FIELD_CHOICE:
    case FIELD_TEXT:
    case FIELD_HOST_PORT:
    case FIELD_SOCKET:
        return "a text in quotes";
    case FIELD_EXPRESSION:
        return "an expression in quotes";
    case FIELD_AMOUNT:
        return "an integer or an expression in quotes";
    case FIELD_ADDRESSES:
    case FIELD_NAMES:
        return "a text in quotes or an array of them [ ]";
    case FIELD_EXPRESSION_MAP:
        return "a group { NAME = \"expression\"; }";
    case FIELD_TEXT_MAP:
        return "a group { NAME = \"value\"; }";
    case FIELD_GROUP:
    case FIELD_OPTIONAL_GROUP:
        return "a group { }";
    case FIELD_LIST:
        return "a list of groups ( { }, { } )";
    case FIELD_NAMED_LIST:
        return "a name, an array of names or a list of groups ( { }, { } )";
    }
    return "a value";
}

const struct choice *choice_find(const struct choice *choices, struct str name)
{
    for (; choices->name; choices++)
        if (str_eq(str_of(choices->name), name))
            return choices;
    return NULL;
}

const char *choice_name(const struct choice *choices, int value)
{
    while (choices->name && choices->value != value)
        choices++;
    assert(choices->name);
    return choices->name;
}
