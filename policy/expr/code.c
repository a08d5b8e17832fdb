#include "policy/expr/code.h"

#include "policy/expr/emit.h"
#include "policy/expr/necessary.h"
#include "policy/expr/parse.h"
#include "policy/expr/type.h"

const struct code *code_compile(struct str text, enum value_type expected,
                                struct vocabulary *vocabulary,
                                struct arena *arena, struct expr_error *error)
{
    struct arena scratch;
    struct code *code = NULL;
    struct ast *ast;

    arena_init(&scratch, 0);
    text = arena_copy(arena, text);
    ast = parse(text, &scratch, arena, error);
    if (!ast || !typecheck(ast, expected, vocabulary, arena, error))
        goto out;
    code = arena_alloc(arena, sizeof(*code));
    *code = (struct code){ .text = text, .type = ast->type };
    emit(ast, vocabulary, &scratch, arena, code);
    code->necessaries = necessary_find(ast, vocabulary, arena);
out:
    arena_fini(&scratch);
    return code;
}

enum value_type code_type(const struct code *code)
{
    return code->type;
}

struct str code_text(const struct code *code)
{
    return code->text;
}
