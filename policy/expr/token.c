#include "policy/expr/token.h"

#include "policy/expr/literal.h"

#include <ctype.h>

static const struct symbol {
    struct str text;
    const char *quoted;
    enum level level;
} symbols[] = {
#define X(name, text, level)                                                   \
    [TOKEN_##name] = { STR_INIT(text), "'" text "'", level },
    OPERATORS(X)
#undef X
#define X(name, text)                                                          \
    [TOKEN_##name] = { STR_INIT(text), "'" text "'", LEVEL_NONE },
        MARKS(X)
#undef X
};

#define SYMBOL_COUNT (sizeof(symbols) / sizeof(symbols[0]))

const char *token_name(enum token_kind kind)
{
    if (kind == TOKEN_END)
        return "the end";
    if (kind == TOKEN_NAME)
        return "a name";
    if (kind == TOKEN_LITERAL)
        return "a literal";
    return symbols[kind].quoted;
}

enum level token_level(enum token_kind kind)
{
    return symbols[kind].level;
}

static bool is_digit(char c)
{
    return isdigit((unsigned char)c);
}

/* Letters beyond ASCII are taken as they are. */
static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool is_name_part(char c)
{
    return is_name_start(c) || is_digit(c);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char char_at(struct str text, size_t offset)
{
    return offset < text.len ? text.data[offset] : '\0';
}

static struct str token_text(const struct lexer *lexer,
                             const struct token *token)
{
    return (struct str){ lexer->text.data + token->span.offset,
                         token->span.length };
}

/* Makes what lies between the lexer's offset and `end` the token. */
static void finish(struct lexer *lexer, struct token *token,
                   enum token_kind kind, size_t end)
{
    token->kind = kind;
    token->span.length = (uint32_t)(end - lexer->offset);
    lexer->offset = end;
}

static void scan_name(struct lexer *lexer, struct token *token)
{
    struct str text = lexer->text;
    size_t end = lexer->offset;

    while (is_name_part(char_at(text, end)) ||
           (char_at(text, end) == '.' && is_name_start(char_at(text, end + 1))))
        end++;
    finish(lexer, token, TOKEN_NAME, end);

    text = token_text(lexer, token);
    if (str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("false"))) {
        token->kind = TOKEN_LITERAL;
        token->literal =
            (struct value){ .type = VALUE_BOOL, .boolean = text.len == 4 };
    }
}

/* A sign belongs to a number only behind an exponent's letter. */
static bool is_exponent(struct str text, size_t start, size_t sign)
{
    bool is_hex =
        char_at(text, start) == '0' && (char_at(text, start + 1) | 0x20) == 'x';

    return (char_at(text, sign - 1) | 0x20) == (is_hex ? 'p' : 'e');
}

static bool scan_number(struct lexer *lexer, struct token *token,
                        struct expr_error *error)
{
    struct str text = lexer->text;
    size_t start = lexer->offset, end = start + 1;
    const char *why;

    while (is_name_part(char_at(text, end)) || char_at(text, end) == '.' ||
           ((char_at(text, end) == '+' || char_at(text, end) == '-') &&
            is_exponent(text, start, end)))
        end++;
    finish(lexer, token, TOKEN_LITERAL, end);
    text = token_text(lexer, token);
    if (!literal_number(text, &token->literal, &why))
        return expr_fail(error, token->span, "%.*s %s", SHOWN_ARG(text), why);
    return true;
}

static bool scan_string(struct lexer *lexer, struct token *token,
                        struct expr_error *error)
{
    size_t end;

    token->literal = (struct value){ .type = VALUE_STRING };
    if (!literal_string(lexer->text, lexer->offset, lexer->arena,
                        &token->literal.string, &end, error))
        return false;
    finish(lexer, token, TOKEN_LITERAL, end);
    return true;
}

static bool fail_at_symbol(const struct lexer *lexer, struct expr_error *error)
{
    struct span span = { (uint32_t)lexer->offset, 1 };
    char c = lexer->text.data[lexer->offset];

    switch (c) {
    case '=':
        return expr_fail(error, span, "'=' is no operator, write '=='");
    case '&':
        return expr_fail(error, span, "'&' is no operator, write '&&'");
    case '!':
        return expr_fail(error, span, "'!' is no operator, write '== false'");
    default:
        if (c > ' ' && c < 0x7f)
            return expr_fail(error, span, "'%c' is no operator", c);
        return expr_fail(error, span, "unexpected byte 0x%02x",
                         (unsigned char)c);
    }
}

static bool scan_symbol(struct lexer *lexer, struct token *token,
                        struct expr_error *error)
{
    struct str rest = str_skip(lexer->text, lexer->offset);
    size_t longest = 0;

    for (size_t i = 0; i < SYMBOL_COUNT; i++)
        if (symbols[i].text.len > symbols[longest].text.len &&
            str_starts_with(rest, symbols[i].text))
            longest = i;
    if (symbols[longest].text.len == 0)
        return fail_at_symbol(lexer, error);
    finish(lexer, token, (enum token_kind)longest,
           lexer->offset + symbols[longest].text.len);
    return true;
}

bool token_next(struct lexer *lexer, struct token *token,
                struct expr_error *error)
{
    char c;

    while (is_space(char_at(lexer->text, lexer->offset)))
        lexer->offset++;
    *token = (struct token){ .span = { (uint32_t)lexer->offset, 0 } };
    if (lexer->offset == lexer->text.len)
        return true;

    c = lexer->text.data[lexer->offset];
    if (is_name_start(c)) {
        scan_name(lexer, token);
        return true;
    }
    if (is_digit(c) ||
        (c == '.' && is_digit(char_at(lexer->text, lexer->offset + 1))))
        return scan_number(lexer, token, error);
    if (c == '"' || c == '\'' || c == '`')
        return scan_string(lexer, token, error);
    return scan_symbol(lexer, token, error);
}
