#include "policy/expr/pattern_use.h"

#include "policy/expr/parse.h"

struct finder {
    struct arena *arena;
    struct pattern_use *items;
    uint32_t count, capacity;
};

static void append(struct finder *finder, struct pattern_use use)
{
    if (finder->count == finder->capacity) {
        uint32_t capacity = 2 * finder->capacity + 4;
        struct pattern_use *items =
            arena_calloc(finder->arena, capacity, sizeof(*items));

        if (finder->count > 0)
            memcpy(items, finder->items, finder->count * sizeof(*items));
        finder->items = items;
        finder->capacity = capacity;
    }
    finder->items[finder->count++] = use;
}

/* ---- the subject ------------------------------------------------------- */

struct subject {
    struct str attribute, key;
    unsigned count;
};

static void read_subject(const struct ast *ast, struct subject *subject)
{
    if (ast->kind == AST_ATTRIBUTE) {
        subject->attribute = ast->name;
        subject->count++;
        return;
    }
    for (const struct ast *part = ast->parts; part; part = part->next) {
        read_subject(part, subject);
        if (ast->kind == AST_INDEX && part->kind == AST_ATTRIBUTE &&
            part->next && part->next->kind == AST_LITERAL)
            subject->key = part->next->literal.string;
    }
}

static void set_subject(struct pattern_use *use, const struct ast *ast)
{
    struct subject subject = { 0 };

    read_subject(ast, &subject);
    if (subject.count != 1)
        return;
    use->attribute = subject.attribute;
    use->key = subject.key;
}

/* ---- the expression ---------------------------------------------------- */

static bool is_use(const struct ast *ast)
{
    return ast->kind == AST_CALL && str_eq(ast->name, STR("matches")) &&
           ast->parts && ast->parts->kind == AST_LITERAL && ast->parts->next;
}

static bool keeps_meaning(const struct ast *ast)
{
    return ast->kind == AST_CHAIN &&
           (ast->parts->next->joined_by == TOKEN_AND ||
            ast->parts->next->joined_by == TOKEN_OR ||
            ast->parts->next->joined_by == TOKEN_ELSE);
}

static void find(struct finder *finder, const struct ast *ast, bool is_asserted)
{
    if (is_use(ast)) {
        struct pattern_use use = {
            .pattern = ast->parts->literal.string,
            .span = ast->parts->span,
            .is_asserted = is_asserted,
        };

        set_subject(&use, ast->parts->next);
        append(finder, use);
    }
    for (const struct ast *part = ast->parts; part; part = part->next)
        find(finder, part, is_asserted && keeps_meaning(ast));
}

struct pattern_uses pattern_uses_find(struct str text, struct arena *arena)
{
    struct finder finder = { .arena = arena };
    struct expr_error error;
    const struct ast *ast = parse(text, arena, arena, &error);

    if (ast)
        find(&finder, ast, true);
    return (struct pattern_uses){ finder.items, finder.count };
}

struct pattern_use pattern_use_of_subject(struct str text, struct arena *arena)
{
    struct pattern_use use = { 0 };
    struct expr_error error;
    const struct ast *ast = parse(text, arena, arena, &error);

    if (ast)
        set_subject(&use, ast);
    return use;
}
