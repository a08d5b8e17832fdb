#include "policy/check/reason.h"

#include "policy/expr/emit.h"
#include "policy/expr/parse.h"
#include "policy/expr/type.h"

#include <assert.h>

struct finder {
    struct reason *reason;
    struct bag bag; /* whose arena has no limit */
    struct vocabulary *vocabulary;
    struct arena *arena;
};

/* ---- texts ------------------------------------------------------------- */

/* Where a node stands, together with the parentheses that belong to its parts:
 * spans begin and end with what is inside of them. */
static struct str text_of(const struct finder *finder, const struct ast *ast)
{
    struct lexer lexer = { .text = finder->reason->text,
                           .offset = ast->span.offset,
                           .arena = finder->arena };
    size_t start = ast->span.offset, end = start + ast->span.length;
    unsigned open = 0, missing = 0;
    struct expr_error error;
    struct token token;

    while (lexer.offset < end && token_next(&lexer, &token, &error)) {
        if (token.kind == TOKEN_LEFT_PAREN)
            open++;
        else if (token.kind == TOKEN_RIGHT_PAREN && open > 0)
            open--;
        else if (token.kind == TOKEN_RIGHT_PAREN)
            missing++;
    }
    for (; missing > 0; missing--)
        while (lexer.text.data[--start] != '(')
            ;
    for (; open > 0; open--)
        while (lexer.text.data[end++] != ')')
            ;
    return (struct str){ lexer.text.data + start, end - start };
}

/* ---- what decided ------------------------------------------------------ */

static bool evaluate(struct finder *finder, const struct ast *ast,
                     struct value *value)
{
    struct code code = { .text = finder->reason->text, .type = ast->type };

    emit(ast, finder->vocabulary, finder->arena, finder->arena, &code);
    return code_eval(&code, &finder->bag, value, NULL) == EVAL_OK;
}

static bool is_shown(const struct ast *part)
{
    return part->kind != AST_LITERAL && part->type != VALUE_STRING_MAP;
}

static void add_clause(struct finder *finder, const struct ast *ast)
{
    struct reason *reason = finder->reason;
    struct clause *clause = &reason->clauses[reason->clause_count];

    if (reason->clause_count == CLAUSES_MAX)
        return;
    reason->clause_count++;
    *clause = (struct clause){ .text = text_of(finder, ast) };
    clause->offset = (size_t)(clause->text.data - reason->text.data);
    for (const struct ast *part = ast->parts; part; part = part->next) {
        struct operand *operand = &clause->operands[clause->operand_count];

        if (clause->operand_count == OPERANDS_MAX)
            break;
        /* One that has no value was not what decided. */
        if (!is_shown(part) || !evaluate(finder, part, &operand->value))
            continue;
        operand->text = text_of(finder, part);
        clause->operand_count++;
    }
}

static bool is_joined_by(const struct ast *ast, enum token_kind kind)
{
    return ast->kind == AST_CHAIN && ast->parts->next->joined_by == kind;
}

/* `ast` is false: of a && b && c the first false one decided, of a || b all. */
static void find_clauses(struct finder *finder, const struct ast *ast)
{
    bool is_and = is_joined_by(ast, TOKEN_AND);
    struct value value;

    if (!is_and && !is_joined_by(ast, TOKEN_OR)) {
        add_clause(finder, ast);
        return;
    }
    for (const struct ast *part = ast->parts; part; part = part->next) {
        if (is_and && evaluate(finder, part, &value) && value.boolean)
            continue;
        find_clauses(finder, part);
        if (is_and || finder->reason->clause_count == CLAUSES_MAX)
            return;
    }
}

/* `ast` has no value: one of a && b && c that is false decides all the same. */
static void find_refutation(struct finder *finder, const struct ast *ast)
{
    struct value value;

    if (evaluate(finder, ast, &value)) {
        if (!value.boolean)
            find_clauses(finder, ast);
        return;
    }
    if (!is_joined_by(ast, TOKEN_AND))
        return;
    for (const struct ast *part = ast->parts;
         part && finder->reason->clause_count == 0; part = part->next)
        find_refutation(finder, part);
}

/* Of an expression that is false or has no value. */
static void explain_false(struct finder *finder)
{
    struct expr_error error;
    struct ast *ast =
        parse(finder->reason->text, finder->arena, finder->arena, &error);
    bool is_typed = ast && typecheck(ast, VALUE_BOOL, finder->vocabulary,
                                     finder->arena, &error);

    assert(is_typed); /* it was compiled before */
    find_refutation(finder, ast);
}

/* ---- what was read ----------------------------------------------------- */

static void set_readings(struct finder *finder, const struct refs *refs)
{
    struct reading *readings =
        arena_calloc(finder->arena, refs->count, sizeof(*readings));

    for (uint32_t i = 0; i < refs->count; i++) {
        const struct ref *ref = &refs->items[i];
        struct reading *reading = &readings[i];

        reading->name = vocabulary_name(finder->vocabulary, ref->attribute);
        reading->key = ref->key;
        if (!ref->present)
            continue;
        reading->value = finder->bag.values[ref->attribute];
        if (!ref->key.data)
            continue;
        reading->value.type = VALUE_STRING;
        bag_get_key(&finder->bag, ref->attribute, ref->key,
                    &reading->value.string);
    }
    finder->reason->readings = readings;
    finder->reason->reading_count = refs->count;
}

void reason_find(struct reason *reason, const struct code *code,
                 const struct bag *bag, struct vocabulary *vocabulary,
                 struct arena *arena)
{
    struct finder finder = { reason, *bag, vocabulary, arena };
    struct refs refs;

    *reason = (struct reason){ .text = code_text(code) };
    refs_init(&refs, arena);
    finder.bag.arena = arena;
    finder.bag.refs = &refs;
    reason->status =
        code_eval(code, &finder.bag, &reason->value, &reason->error);
    finder.bag.refs = NULL;
    set_readings(&finder, &refs);
    if (code_type(code) == VALUE_BOOL &&
        (reason->status != EVAL_OK || !reason->value.boolean))
        explain_false(&finder);
}
