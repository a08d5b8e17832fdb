/*
 * From text to tree, shown in the prefix notation of Mixer's tables:
 * a.b == 2 is EQ($a.b, 2). Also Mixer's own parser tables, in
 * test/data/mixer_expr_parse_cases.jsonl.
 */
#include "test/support/table.h"

#include "policy/expr/parse.h"

#include <assert.h>
#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const mixer_names[] = {
    [TOKEN_OR] = "LOR",     [TOKEN_AND] = "LAND",
    [TOKEN_EQUAL] = "EQ",   [TOKEN_UNEQUAL] = "NEQ",
    [TOKEN_LESS] = "LT",    [TOKEN_LESS_EQUAL] = "LEQ",
    [TOKEN_GREATER] = "GT", [TOKEN_GREATER_EQUAL] = "GEQ",
    [TOKEN_ADD] = "ADD",    [TOKEN_ELSE] = "OR",
};

static void print_tree(const struct ast *ast, struct str text, FILE *out);

static void print_parts(const struct ast *part, struct str text, FILE *out)
{
    fputc('(', out);
    for (; part; part = part->next) {
        print_tree(part, text, out);
        if (part->next)
            fputs(", ", out);
    }
    fputc(')', out);
}

/* OP2(OP1(a, b), c) */
static void print_chain(const struct ast *chain, struct str text, FILE *out)
{
    const struct ast *parts[100];
    size_t count = 0;

    for (const struct ast *part = chain->parts; part; part = part->next)
        parts[count++] = part;
    assert(count > 0);
    for (size_t i = count - 1; i > 0; i--)
        fprintf(out, "%s(", mixer_names[parts[i]->joined_by]);
    print_tree(parts[0], text, out);
    for (size_t i = 1; i < count; i++) {
        fputs(", ", out);
        print_tree(parts[i], text, out);
        fputc(')', out);
    }
}

static void print_call(const struct ast *call, struct str text, FILE *out)
{
    if (call->is_method) {
        print_tree(call->parts, text, out);
        fputc(':', out);
    }
    fprintf(out, "%.*s", STR_ARG(call->name));
    print_parts(call->is_method ? call->parts->next : call->parts, text, out);
}

static void print_tree(const struct ast *ast, struct str text, FILE *out)
{
    switch (ast->kind) {
    case AST_LITERAL:
        fprintf(out, "%.*s", (int)ast->span.length,
                text.data + ast->span.offset);
        return;
    case AST_ATTRIBUTE:
        fprintf(out, "$%.*s", STR_ARG(ast->name));
        return;
    case AST_INDEX:
        fputs("INDEX", out);
        print_parts(ast->parts, text, out);
        return;
    case AST_CALL:
        print_call(ast, text, out);
        return;
    case AST_CHAIN:
        print_chain(ast, text, out);
        return;
    }
}

/* The tree of `text` as above, to be freed; NULL if it does not parse. */
static char *tree_of(const char *text, struct expr_error *error)
{
    struct arena arena = { 0 };
    struct ast *ast = parse(str_of(text), &arena, &arena, error);
    char *shown = NULL;
    size_t size;

    if (ast) {
        FILE *out = open_memstream(&shown, &size);

        print_tree(ast, str_of(text), out);
        fclose(out);
    }
    arena_fini(&arena);
    return shown;
}

static void check_tree(const char *text, const char *tree)
{
    struct expr_error error;
    char *shown = tree_of(text, &error);

    if (!shown)
        row_fail(text, "%s", error.message);
    row_equal_str(text, str_of(shown), str_of(tree));
    free(shown);
}

static void test_trees(void **state)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        { "a || b && c || d", "LOR(LOR($a, LAND($b, $c)), $d)" },
        { "a == b == c", "EQ(EQ($a, $b), $c)" },
        { "a < b && c >= d", "LAND(LT($a, $b), GEQ($c, $d))" },
        { "a | b + c | d", "OR(ADD(OR($a, $b), $c), $d)" },
        { "a | 'x' == b", "EQ(OR($a, 'x'), $b)" },
        { "a | (b + c)", "OR($a, ADD($b, $c))" },
        { "((a))", "$a" },
        { "m[k + 'x']", "INDEX($m, ADD($k, 'x'))" },
        { "(a | b)['k'] | c", "OR(INDEX(OR($a, $b), 'k'), $c)" },
        { "m['k'].startsWith('x')", "INDEX($m, 'k'):startsWith('x')" },
        { "a.b.f(x).g()", "$a.b:f($x):g()" },
        { "(a).f(b, c)", "$a:f($b, $c)" },
        { "f ( )", "f()" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        check_tree(rows[i].text, rows[i].tree);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        uint32_t offset, length;
        const char *message;
    } rows[] = {
        { "", 0, 0, "expected a value, found the end" },
        { "  ", 2, 0, "expected a value, found the end" },
        { "a ==", 4, 0, "expected a value, found the end" },
        { "a b", 2, 1, "expected an operator, found a name" },
        { "(a", 2, 0, "expected ')', found the end" },
        { "a)", 1, 1, "expected an operator, found ')'" },
        { "()", 1, 1, "expected a value, found ')'" },
        { "f(a", 3, 0, "expected ')', found the end" },
        { "f(a b)", 4, 1, "expected ')', found a name" },
        { "f(,)", 2, 1, "expected a value, found ','" },
        { "f(a,)", 4, 1, "expected a value, found ')'" },
        { "m[", 2, 0, "expected a value, found the end" },
        { "m['a'", 5, 0, "expected ']', found the end" },
        { "m[]", 2, 1, "expected a value, found ']'" },
        { "a == == b", 5, 2, "expected a value, found '=='" },
        { "|| a", 0, 2, "expected a value, found '||'" },
        { "a = 2", 2, 1, "'=' is no operator, write '=='" },
        { "a().b", 4, 1,
          "expected a function behind '.': a value has no parts" },
        { "a().b.c()", 4, 3,
          "expected a function behind '.': a value has no parts" },
        { "a().", 4, 0, "expected a name, found the end" },
        { "a == 'x", 5, 1, "this string has no closing '" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct expr_error error;

        row_true(rows[i].text, !tree_of(rows[i].text, &error));
        row_equal_i64(rows[i].text, error.offset, rows[i].offset);
        row_equal_i64(rows[i].text, error.length, rows[i].length);
        row_equal_str(rows[i].text, str_of(error.message),
                      str_of(rows[i].message));
    }
}

/* `count` times `open`, then `middle`, then `count` times `close`. */
static char *nest(const char *open, unsigned count, const char *middle,
                  const char *close)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (unsigned i = 0; i < count; i++)
        fputs(open, out);
    fputs(middle, out);
    for (unsigned i = 0; i < count; i++)
        fputs(close, out);
    fclose(out);
    return text;
}

static void test_depth(void **state)
{
    static const struct {
        const char *why, *open, *middle, *close;
        unsigned count;
        const char *message; /* NULL: it parses */
    } rows[] = {
        { "as deep as allowed", "(", "a", ")", EXPR_DEPTH_MAX - 1, NULL },
        { "one deeper", "(", "a", ")", EXPR_DEPTH_MAX,
          "nested more than 64 deep" },
        { "much deeper", "(", "a", ")", 10000, "nested more than 64 deep" },
        { "never closed", "(", "", "", EXPR_TEXT_MAX,
          "nested more than 64 deep" },
        { "to the right", "a + (b == f(c, d, ", "e", "))", 31, NULL },
        { "keys in keys", "m[", "'k'", "]", EXPR_DEPTH_MAX - 1, NULL },
        { "keys in keys, deeper", "m[", "'k'", "]", EXPR_DEPTH_MAX,
          "nested more than 64 deep" },
        { "methods of methods", "", "'a'", ".f()", EXPR_DEPTH_MAX, NULL },
        { "methods of methods, deeper", "", "'a'", ".f()", EXPR_DEPTH_MAX + 1,
          "nested more than 64 deep" },
        { "methods of methods, much deeper", "", "'a'", ".f()", 10000,
          "nested more than 64 deep" },
        { "both ways", "(", "'a'", ".f())", EXPR_DEPTH_MAX - 1, NULL },
        { "a chain is not deep", "", "a", "||b", 20000, NULL },
        { "nor is a sum", "a|b+", "c", "", 16000, NULL },
        { "the longest text", "a+", "a  ", "", (EXPR_TEXT_MAX - 2) / 2,
          "longer than 65536 bytes" },
        { "almost", "a+", "a", "", (EXPR_TEXT_MAX - 2) / 2, NULL },
        { "a long name", "a", "", "", EXPR_TEXT_MAX, NULL },
        { "a long literal", "", "'", "x", EXPR_TEXT_MAX - 1,
          "this string has no closing '" },
        { "a literal of a megabyte", "", "'", "x", 1 << 20,
          "longer than 65536 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        char *text =
            nest(rows[i].open, rows[i].count, rows[i].middle, rows[i].close);
        struct expr_error error = { 0 };
        struct ast *ast = parse(str_of(text), &arena, &arena, &error);

        row_true(rows[i].why, (ast == NULL) == (rows[i].message != NULL));
        if (!ast) {
            row_equal_str(rows[i].why, str_of(error.message),
                          str_of(rows[i].message));
            row_true(rows[i].why, error.offset <= strlen(text));
        }
        arena_fini(&arena);
        free(text);
    }
}

/* Mixer's tables --------------------------------------------------------- */

static const struct {
    const char *expr, *reason;
} departures[] = {
    { "a/b", "refused by the parser, not for its type" },
    { "!(a.b || b || \"c a b\" || ( a && b ))",
      "refused by the parser, not for its type" },
    { "atr == 'aaa'", "single quotes may hold any string" },
    { "'aaa'", "single quotes may hold any string" },
};

static const char *departure_of(const char *expr)
{
    for (size_t i = 0; i < ROWS(departures); i++)
        if (strcmp(departures[i].expr, expr) == 0)
            return departures[i].reason;
    return NULL;
}

/* Does the row hold? */
static bool check_row(const json_t *row)
{
    const char *kind = json_string_value(json_object_get(row, "kind"));
    const char *expr = json_string_value(json_object_get(row, "expr"));
    const char *tree = json_string_value(json_object_get(row, "postfix"));
    bool is_good = strcmp(kind, "parse_error") != 0;
    struct expr_error error;
    char *shown;
    bool holds;

    if (!expr) {
        expr = json_string_value(json_object_get(row, "literal"));
        is_good = json_is_null(json_object_get(row, "err"));
    }
    shown = tree_of(expr, &error);
    holds = (shown != NULL) == is_good &&
            (!shown || !tree || strcmp(shown, tree) == 0);
    free(shown);
    if (departure_of(expr)) {
        print_message("departs: %s: %s\n", expr, departure_of(expr));
        holds = !holds;
    }
    return holds;
}

static void test_mixer_rows(void **state)
{
    FILE *file = fopen(TEST_DATA "/mixer_expr_parse_cases.jsonl", "r");
    unsigned count = 0;
    char *line = NULL;
    size_t size = 0;

    (void)state;
    assert_non_null(file);
    for (; getline(&line, &size, file) > 0; count++) {
        json_t *row = json_loads(line, 0, NULL);

        row_true(line, row && check_row(row));
        json_decref(row);
    }
    free(line);
    fclose(file);
    assert_int_equal(count, 61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_mixer_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
