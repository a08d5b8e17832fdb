#include "config/load.h"

#include "policy/base/nearest.h"

static void refuse_list(struct load *load, const struct list_check_entry *entry,
                        const struct mark *mark)
{
    const struct entries *entries = &load->document->lists;
    const struct list_entry *lists = entries->items;
    struct str hint = STR("");
    struct nearest nearest;

    nearest_init(&nearest, entry->name);
    for (uint32_t i = 0; i < entries->count; i++)
        nearest_offer(&nearest, lists[i].name);
    if (nearest_name(&nearest).len > 0)
        hint = arena_printf(&load->snapshot->arena, ", did you mean `%.*s`?",
                            STR_ARG(nearest_name(&nearest)));
    diags_add(load->diags, DIAG_ERROR, mark_place(mark),
              "there is no list `%.*s`%.*s", STR_ARG(entry->name),
              STR_ARG(hint));
}

static void check_type(struct load *load, const struct list_check *check,
                       const struct text *value)
{
    enum value_type type = code_type(check->value);

    if (roster_accepts(roster_type(check->roster), type))
        return;
    diags_add(load->diags, DIAG_ERROR, mark_place(value->mark),
              "the list `%.*s` has no values of type %s", STR_ARG(check->name),
              value_type_name(type));
}

const struct list_check *load_list_check(struct load *load,
                                         const struct list_check_entry *entry,
                                         const struct mark *mark)
{
    struct list_check *check;

    if (!entry)
        return NULL;
    check = arena_alloc(&load->snapshot->arena, sizeof(*check));
    *check = (struct list_check){
        .roster = load_find_list(load, entry->name),
        .name = entry->name,
        .value = load_expression(load, &entry->value, VALUE_NONE),
        .refuses_members = entry->refuses_members,
    };
    if (!check->roster && entry->name.len > 0)
        refuse_list(load, entry, mark_find(mark, "name"));
    if (check->roster && check->value)
        check_type(load, check, &entry->value);
    return check;
}
