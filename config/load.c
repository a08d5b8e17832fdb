#include "config/load.h"

#include "policy/attr/bag.h"

const struct code *load_expression(struct load *load, const struct text *text,
                                   enum value_type type)
{
    struct expr_error error;
    const struct code *code;

    if (!text->text.data)
        return NULL;
    code = code_compile(text->text, type, load->snapshot->vocabulary,
                        &load->snapshot->arena, &error);
    if (!code)
        diags_add(load->diags, DIAG_ERROR,
                  mark_text_place(text->mark, error.offset, error.length), "%s",
                  error.message);
    return code;
}

const struct code *load_text_expression(struct load *load,
                                        const struct text *text,
                                        const char *what)
{
    const struct code *code = load_expression(load, text, VALUE_NONE);

    if (!code || code_type(code) != VALUE_STRING_MAP)
        return code;
    diags_add(load->diags, DIAG_ERROR, mark_place(text->mark),
              "%s cannot be a whole STRING_MAP; name a key of it", what);
    return NULL;
}

struct enforcement load_enforcement(struct load *load,
                                    const struct enforcement_entry *entry)
{
    static const struct text by_request = { .text =
                                                STR_INIT("request.id | ''") };
    struct enforcement enforcement = { .mode = entry->mode,
                                       .percent = entry->percent };
    const struct text *by = entry->by.text.data ? &entry->by : &by_request;

    if (entry->percent < 100)
        enforcement.by = load_text_expression(load, by, "`enforce_by`");
    else if (entry->by.text.data)
        diags_add(load->diags, DIAG_ERROR, mark_place(entry->by.mark),
                  "`enforce_by` needs `enforce_percent`");
    return enforcement;
}

struct probe load_probe(const struct load *load, const struct code *code)
{
    struct probe probe = { 0 };
    struct arena scratch;
    struct refs refs;
    struct bag bag;

    arena_init(&scratch, 0);
    bag_init(&bag, load->snapshot->vocabulary, &scratch);
    refs_init(&refs, &scratch);
    bag.refs = &refs;
    probe.status = code_eval(code, &bag, &probe.value, &probe.error);
    probe.is_constant = probe.status == EVAL_OK && refs.count == 0;
    arena_fini(&scratch); /* a text of the value ends here */
    return probe;
}
