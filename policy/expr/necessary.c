#include "policy/expr/necessary.h"

#include "policy/expr/ast.h"
#include "policy/expr/function.h"
#include "policy/expr/instruction.h"

struct necessaries code_necessaries(const struct code *code)
{
    return code->necessaries;
}

/* ---- what is tested ---------------------------------------------------- */

/* A value of the request: attribute, map[literal], or one of them with a
 * literal as its default. */
struct subject {
    uint32_t attribute;
    struct str key;
    const struct value *otherwise; /* NULL: no default */
};

static bool is_chain_of_two(const struct ast *ast, enum token_kind operator)
{
    return ast->kind == AST_CHAIN &&
           ast->parts->next->joined_by == operator&& !ast->parts->next->next;
}

static bool find_plain_subject(const struct ast *ast,
                               const struct vocabulary *vocabulary,
                               struct subject *subject)
{
    const struct ast *attribute = ast;

    *subject = (struct subject){ 0 };
    if (ast->kind == AST_INDEX) {
        const struct ast *key = ast->parts->next;

        if (key->kind != AST_LITERAL)
            return false;
        subject->key = key->literal.string.data ? key->literal.string : STR("");
        attribute = ast->parts;
    }
    if (attribute->kind != AST_ATTRIBUTE)
        return false;
    subject->attribute = vocabulary_id(vocabulary, attribute->name);
    return true;
}

static bool find_subject(const struct ast *ast,
                         const struct vocabulary *vocabulary,
                         struct subject *subject)
{
    const struct ast *otherwise;

    if (!is_chain_of_two(ast, TOKEN_ELSE))
        return find_plain_subject(ast, vocabulary, subject);
    otherwise = ast->parts->next;
    if (otherwise->kind != AST_LITERAL ||
        !find_plain_subject(ast->parts, vocabulary, subject))
        return false;
    subject->otherwise = &otherwise->literal;
    return true;
}

/* ---- tests ------------------------------------------------------------- */

/* The bytes of a value that tests can name; false for other types. */
static bool bytes_of(const struct value *value, struct arena *arena,
                     struct str *bytes)
{
    if (value->type == VALUE_STRING)
        *bytes = value->string;
    else if (value->type == VALUE_INT64)
        *bytes = arena_copy(arena, (struct str){ (const char *)&value->int64,
                                                 sizeof(value->int64) });
    else
        return false;
    return true;
}

bool necessary_holds(const struct necessary *test, struct str value)
{
    return test->kind == NECESSARY_EQUAL
               ? str_eq(value, test->literal)
               : str_starts_with(value, test->literal);
}

static bool finish(struct necessary *test, const struct subject *subject,
                   struct arena *arena)
{
    struct str otherwise = STR(""); /* of a missing key */

    test->attribute = subject->attribute;
    test->key = subject->key;
    test->is_open_without = true; /* it cannot be evaluated then */
    if (subject->otherwise) {
        if (!bytes_of(subject->otherwise, arena, &otherwise))
            return false;
        test->is_open_without = necessary_holds(test, otherwise);
        test->is_true_without = test->is_open_without;
    }
    test->is_open_without_key = necessary_holds(test, otherwise);
    return true;
}

/* subject == literal, in either order */
static bool find_equality(const struct ast *ast,
                          const struct vocabulary *vocabulary,
                          struct arena *arena, struct necessary *test)
{
    const struct ast *left, *right;
    struct subject subject;

    if (!is_chain_of_two(ast, TOKEN_EQUAL))
        return false;
    left = ast->parts;
    right = left->next;
    if (left->kind == AST_LITERAL) {
        left = right;
        right = ast->parts;
    }
    test->kind = NECESSARY_EQUAL;
    return right->kind == AST_LITERAL && left->type == right->literal.type &&
           find_subject(left, vocabulary, &subject) &&
           bytes_of(&right->literal, arena, &test->literal) &&
           finish(test, &subject, arena);
}

/* What match(subject, pattern) tests; false for a pattern that begins with
 * '*', of which only the end is known. */
static bool read_pattern(struct str pattern, struct necessary *test)
{
    test->literal = pattern;
    test->kind = NECESSARY_EQUAL;
    if (str_ends_with(pattern, STR("*"))) {
        test->kind = NECESSARY_PREFIX;
        test->literal.len--;
        return true;
    }
    return !str_starts_with(pattern, STR("*"));
}

/* subject.startsWith(literal), match(subject, literal) */
static bool find_beginning(const struct ast *ast,
                           const struct vocabulary *vocabulary,
                           struct arena *arena, struct necessary *test)
{
    const struct ast *literal;
    struct subject subject;

    if (ast->kind != AST_CALL || ast->function->arity != 2)
        return false;
    literal = ast->parts->next;
    if (literal->kind != AST_LITERAL || literal->type != VALUE_STRING ||
        !find_subject(ast->parts, vocabulary, &subject))
        return false;
    if (str_eq(ast->name, STR("startsWith"))) {
        test->kind = NECESSARY_PREFIX;
        test->literal = literal->literal.string;
    } else if (!str_eq(ast->name, STR("match")) ||
               !read_pattern(literal->literal.string, test)) {
        return false;
    }
    /* Everything begins with "". */
    return (test->kind == NECESSARY_EQUAL || test->literal.len > 0) &&
           finish(test, &subject, arena);
}

/* ---- what can fail ----------------------------------------------------- */

/* Can its evaluation end without a value? Yes, where it is not known. */
static bool can_fail(const struct ast *ast);

static bool can_part_fail(const struct ast *ast)
{
    for (const struct ast *part = ast->parts; part; part = part->next)
        if (can_fail(part))
            return true;
    return false;
}

/* Is absence the only reason for which it can have no value? */
static bool is_at_most_absent(const struct ast *ast)
{
    return ast->kind == AST_ATTRIBUTE ||
           (ast->kind == AST_INDEX && ast->parts->kind == AST_ATTRIBUTE &&
            ast->parts->next->kind == AST_LITERAL);
}

static bool can_chain_fail(const struct ast *chain)
{
    enum level level = token_level(chain->parts->next->joined_by);

    if (is_chain_of_two(chain, TOKEN_ELSE) && is_at_most_absent(chain->parts))
        return can_fail(chain->parts->next);
    return level == LEVEL_SUM || can_part_fail(chain);
}

static bool can_fail(const struct ast *ast)
{
    switch (ast->kind) {
    case AST_LITERAL:
        return false;
    case AST_ATTRIBUTE:
    case AST_INDEX:
        return true;
    case AST_CALL:
        return !(str_eq(ast->name, STR("startsWith")) ||
                 str_eq(ast->name, STR("endsWith")) ||
                 str_eq(ast->name, STR("match"))) ||
               can_part_fail(ast);
    case AST_CHAIN:
        return can_chain_fail(ast);
    }
    return true;
}

/* ---- the whole expression ---------------------------------------------- */

struct finder {
    const struct vocabulary *vocabulary;
    struct arena *arena;
    struct necessary *items; /* as many as the expression has parts */
    uint32_t count;
    bool may_have_failed; /* what was evaluated so far can fail */
};

static bool is_conjunction(const struct ast *ast)
{
    return ast->kind == AST_CHAIN &&
           token_level(ast->parts->next->joined_by) == LEVEL_AND;
}

static uint32_t count_conjuncts(const struct ast *ast)
{
    uint32_t count = 0;

    if (!is_conjunction(ast))
        return 1;
    for (const struct ast *part = ast->parts; part; part = part->next)
        count += count_conjuncts(part);
    return count;
}

static void find(struct finder *finder, const struct ast *ast)
{
    struct necessary test = { .is_certain = !finder->may_have_failed };

    if (is_conjunction(ast)) {
        for (const struct ast *part = ast->parts; part; part = part->next)
            find(finder, part);
        return;
    }
    if (find_equality(ast, finder->vocabulary, finder->arena, &test) ||
        find_beginning(ast, finder->vocabulary, finder->arena, &test))
        finder->items[finder->count++] = test;
    if (can_fail(ast))
        finder->may_have_failed = true;
}

struct necessaries necessary_find(const struct ast *ast,
                                  const struct vocabulary *vocabulary,
                                  struct arena *arena)
{
    struct finder finder = { .vocabulary = vocabulary, .arena = arena };

    if (ast->type != VALUE_BOOL)
        return (struct necessaries){ 0 };
    finder.items =
        arena_calloc(arena, count_conjuncts(ast), sizeof(finder.items[0]));
    find(&finder, ast);
    return (struct necessaries){ finder.items, finder.count };
}
