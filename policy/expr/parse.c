#include "policy/expr/parse.h"

struct parser {
    struct lexer lexer;
    struct token token; /* the one to be looked at */
    struct span last;   /* the one before it */
    struct arena *scratch;
    struct expr_error *error;
    unsigned nesting;
};

static struct ast *parse_chain(struct parser *parser, enum level level);

/* As expr_fail, for functions that return a tree. */
#define fail(parser, where, ...)                                               \
    (expr_fail((parser)->error, (where), __VA_ARGS__), (struct ast *)NULL)

static struct ast *fail_too_deep(struct parser *parser, struct span where)
{
    return fail(parser, where, "nested more than %d deep", EXPR_DEPTH_MAX);
}

static struct ast *fail_unexpected(struct parser *parser, const char *expected)
{
    return fail(parser, parser->token.span, "expected %s, found %s", expected,
                token_name(parser->token.kind));
}

static struct str text_of(const struct parser *parser, struct span span)
{
    return (struct str){ parser->lexer.text.data + span.offset, span.length };
}

static struct ast *new_node(struct parser *parser, enum ast_kind kind,
                            struct span span)
{
    struct ast *ast = arena_calloc(parser->scratch, 1, sizeof(*ast));

    ast->kind = kind;
    ast->span = span;
    return ast;
}

static bool advance(struct parser *parser)
{
    parser->last = parser->token.span;
    return token_next(&parser->lexer, &parser->token, parser->error);
}

/* Takes the token if it is of that kind. */
static bool expect(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind == kind)
        return advance(parser);
    fail_unexpected(parser, token_name(kind));
    return false;
}

/* A whole expression inside another, or the outermost one. */
static struct ast *parse_nested(struct parser *parser)
{
    struct ast *ast;

    if (parser->nesting == EXPR_DEPTH_MAX)
        return fail_too_deep(parser, parser->token.span);
    parser->nesting++;
    ast = parse_chain(parser, LEVEL_LOOSEST);
    parser->nesting--;
    return ast;
}

/* Finishes a call or an index, whose parts and last token are read. */
static struct ast *finish(struct parser *parser, struct ast *ast)
{
    ast->span = span_join(ast->span, parser->last);
    for (const struct ast *part = ast->parts; part; part = part->next)
        if (ast->height <= part->height)
            ast->height = part->height + 1;
    if (ast->height > EXPR_DEPTH_MAX)
        return fail_too_deep(parser, ast->span);
    return ast;
}

/* From "(" to ")"; appends what is between to *end. */
static bool parse_arguments(struct parser *parser, struct ast **end)
{
    if (!advance(parser))
        return false;
    if (parser->token.kind == TOKEN_RIGHT_PAREN)
        return advance(parser);
    for (;;) {
        *end = parse_nested(parser);
        if (!*end)
            return false;
        end = &(*end)->next;
        if (parser->token.kind != TOKEN_COMMA)
            return expect(parser, TOKEN_RIGHT_PAREN);
        if (!advance(parser))
            return false;
    }
}

/* The token is "(". receiver: what the method is called on, or NULL. */
static struct ast *parse_call(struct parser *parser, struct span name,
                              struct ast *receiver)
{
    struct ast *call =
        new_node(parser, AST_CALL, receiver ? receiver->span : name);

    call->name = text_of(parser, name);
    call->name_span = name;
    call->is_method = receiver != NULL;
    call->parts = receiver;
    if (!parse_arguments(parser, receiver ? &receiver->next : &call->parts))
        return NULL;
    return finish(parser, call);
}

static struct ast *new_attribute(struct parser *parser, struct span span)
{
    struct ast *ast = new_node(parser, AST_ATTRIBUTE, span);

    ast->name = text_of(parser, span);
    return ast;
}

/* a.b.c, f(...) or a.b.f(...): before "(" the last part is a function. */
static struct ast *parse_name(struct parser *parser)
{
    struct span name = parser->token.span, receiver = name;
    const char *text = parser->lexer.text.data + name.offset;
    const char *dot = memrchr(text, '.', name.length);

    if (!advance(parser))
        return NULL;
    if (parser->token.kind != TOKEN_LEFT_PAREN)
        return new_attribute(parser, name);
    if (!dot)
        return parse_call(parser, name, NULL);
    receiver.length = (uint32_t)(dot - text);
    name.offset += receiver.length + 1;
    name.length -= receiver.length + 1;
    return parse_call(parser, name, new_attribute(parser, receiver));
}

static struct ast *parse_literal(struct parser *parser)
{
    struct ast *ast = new_node(parser, AST_LITERAL, parser->token.span);

    ast->literal = parser->token.literal;
    return advance(parser) ? ast : NULL;
}

static struct ast *parse_primary(struct parser *parser)
{
    struct ast *ast;

    if (parser->token.kind == TOKEN_LITERAL)
        return parse_literal(parser);
    if (parser->token.kind == TOKEN_NAME)
        return parse_name(parser);
    if (parser->token.kind != TOKEN_LEFT_PAREN)
        return fail_unexpected(parser, "a value");
    if (!advance(parser))
        return NULL;
    ast = parse_nested(parser);
    return ast && expect(parser, TOKEN_RIGHT_PAREN) ? ast : NULL;
}

/* From "[" to "]". */
static struct ast *parse_index(struct parser *parser, struct ast *map)
{
    struct ast *ast = new_node(parser, AST_INDEX, map->span);

    if (!advance(parser))
        return NULL;
    ast->parts = map;
    map->next = parse_nested(parser);
    if (!map->next || !expect(parser, TOKEN_RIGHT_BRACKET))
        return NULL;
    return finish(parser, ast);
}

/* A call on a value that is no name: "abc".startsWith("a"). */
static struct ast *parse_method(struct parser *parser, struct ast *receiver)
{
    struct span name;

    if (!advance(parser))
        return NULL;
    name = parser->token.span;
    if (!expect(parser, TOKEN_NAME))
        return NULL;
    if (parser->token.kind != TOKEN_LEFT_PAREN ||
        memchr(text_of(parser, name).data, '.', name.length))
        return fail(parser, name,
                    "expected a function behind '.': a value has no parts");
    return parse_call(parser, name, receiver);
}

static struct ast *parse_operand(struct parser *parser)
{
    struct ast *ast = parse_primary(parser);

    while (ast) {
        if (parser->token.kind == TOKEN_LEFT_BRACKET)
            ast = parse_index(parser, ast);
        else if (parser->token.kind == TOKEN_DOT)
            ast = parse_method(parser, ast);
        else
            break;
    }
    return ast;
}

/* What stands between operators of `level`. */
static struct ast *parse_operand_of(struct parser *parser, enum level level)
{
    return level == LEVEL_TIGHTEST ? parse_operand(parser)
                                   : parse_chain(parser, level + 1);
}

/* Operands joined by operators of `level`; one alone is no chain. */
static struct ast *parse_chain(struct parser *parser, enum level level)
{
    struct ast *operand = parse_operand_of(parser, level);
    struct ast *chain;

    if (!operand || token_level(parser->token.kind) != level)
        return operand;
    chain = new_node(parser, AST_CHAIN, operand->span);
    chain->parts = operand;
    chain->height = operand->height;
    while (token_level(parser->token.kind) == level) {
        enum token_kind joined_by = parser->token.kind;

        if (!advance(parser))
            return NULL;
        operand->next = parse_operand_of(parser, level);
        operand = operand->next;
        if (!operand)
            return NULL;
        operand->joined_by = joined_by;
        if (chain->height < operand->height)
            chain->height = operand->height;
    }
    chain->span = span_join(chain->span, operand->span);
    return chain;
}

struct ast *parse(struct str text, struct arena *scratch, struct arena *kept,
                  struct expr_error *error)
{
    struct parser parser = { .lexer = { .text = text, .arena = kept },
                             .scratch = scratch,
                             .error = error };
    struct ast *ast;

    if (text.len > (size_t)EXPR_TEXT_MAX)
        return fail(&parser, ((struct span){ EXPR_TEXT_MAX, 1 }),
                    "longer than %d bytes", EXPR_TEXT_MAX);
    if (!advance(&parser))
        return NULL;
    ast = parse_nested(&parser);
    if (ast && parser.token.kind != TOKEN_END)
        return fail_unexpected(&parser, "an operator");
    return ast;
}
