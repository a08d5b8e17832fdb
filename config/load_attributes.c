#include "config/load.h"

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Words of letters, digits and underscores, separated by points: what an
 * expression can name. */
static bool is_attribute_name(struct str name)
{
    bool at_start = true;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (at_start ? !is_word_start(c)
                     : !is_word_start(c) && c != '.' && (c < '0' || c > '9'))
            return false;
        at_start = c == '.';
    }
    return !at_start;
}

static void declare(struct load *load, const struct attribute_entry *entry)
{
    struct vocabulary *vocabulary = load->snapshot->vocabulary;
    const struct mark *mark = mark_find(entry->mark, "name");

    if (entry->name.len == 0 || entry->type == VALUE_NONE)
        return; /* reported already */
    if (!is_attribute_name(entry->name))
        diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                  "an attribute's name is words of letters, digits and _, "
                  "separated by points");
    else if (!vocabulary_declare(vocabulary, entry->name, entry->type))
        diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                  "the attribute `%.*s` is already declared as %s",
                  STR_ARG(entry->name),
                  value_type_name(vocabulary_type(vocabulary, entry->name)));
}

void load_attributes(struct load *load)
{
    const struct entries *entries = &load->document->attributes;
    const struct attribute_entry *attributes = entries->items;

    for (uint32_t i = 0; i < entries->count && !load_is_full(load); i++)
        declare(load, &attributes[i]);
}
