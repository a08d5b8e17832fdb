#include "config/load.h"

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
