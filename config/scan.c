#include "config/scan.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static int hex_digit(int c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte at `at`, or -1 behind the end. */
static int byte_at(struct str text, size_t at)
{
    return at < text.len ? (unsigned char)text.data[at] : -1;
}

static struct token bad(size_t offset, size_t length, const char *fault)
{
    return (struct token){ TOKEN_BAD, offset, length, fault };
}

/* Moves behind white space and comments. False, with *open at its start, if a
 * comment never ends. */
static bool skip_blank(struct scanner *scanner, size_t *open)
{
    struct str text = scanner->text;
    size_t at = scanner->at;

    for (;;) {
        int c = byte_at(text, at), next = byte_at(text, at + 1);
        const char *end;

        scanner->at = at;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            at++;
        } else if (c == '#' || (c == '/' && next == '/')) {
            end = memchr(text.data + at, '\n', text.len - at);
            at = end ? (size_t)(end - text.data) : text.len;
        } else if (c == '/' && next == '*') {
            end = memmem(text.data + at + 2, text.len - at - 2, "*/", 2);
            *open = at;
            if (!end)
                return false;
            at = (size_t)(end - text.data) + 2;
        } else {
            return true;
        }
    }
}

size_t scan_string_piece(struct str text, size_t at, char *byte)
{
    static const char escapes[] = "n\nt\tr\rf\f\\\\\"\"";
    int next = byte_at(text, at + 1);

    *byte = text.data[at];
    if (text.data[at] != '\\')
        return 1;
    for (size_t i = 0; escapes[i]; i += 2)
        if (next == escapes[i]) {
            *byte = escapes[i + 1];
            return 2;
        }
    if (next == 'x' || next == 'X') {
        int high = hex_digit(byte_at(text, at + 2));
        int low = hex_digit(byte_at(text, at + 3));

        if (high >= 0 && low >= 0) {
            *byte = (char)(16 * high + low);
            return 4;
        }
    }
    return 1;
}

static struct token scan_string(struct str text, size_t start)
{
    struct token token = { .kind = TOKEN_STRING, .offset = start };
    size_t at = start + 1;

    while (at < text.len && text.data[at] != '"') {
        char byte;
        size_t length = scan_string_piece(text, at, &byte);

        if (byte == '\0')
            token.fault = "a string cannot hold a NUL byte";
        at += length;
    }
    if (at == text.len)
        return bad(start, 1, "this string is never closed");
    token.length = at + 1 - start;
    return token;
}

/* Counts the digits at `at` and their value; *wraps if it is above INT64_MAX.
 */
static size_t scan_digits(struct str text, size_t at, int base, int64_t *value,
                          bool *wraps)
{
    size_t count = 0;

    *value = 0;
    *wraps = false;
    for (;; count++) {
        int digit = hex_digit(byte_at(text, at + count));

        if (digit < 0 || digit >= base)
            return count;
        *wraps = *wraps || __builtin_mul_overflow(*value, base, value) ||
                 __builtin_add_overflow(*value, digit, value);
    }
}

/* The fraction and the exponent of a number whose digits end at `at`: where
 * they end, which is `at` if there are none. */
static size_t float_end(struct str text, size_t at)
{
    size_t exponent;

    if (byte_at(text, at) == '.')
        for (at++; is_digit(byte_at(text, at)); at++)
            ;
    exponent = at + 1;
    if (hex_digit(byte_at(text, at)) != 0xe)
        return at;
    if (byte_at(text, exponent) == '+' || byte_at(text, exponent) == '-')
        exponent++;
    if (!is_digit(byte_at(text, exponent)))
        return at;
    for (at = exponent; is_digit(byte_at(text, at)); at++)
        ;
    return at;
}

static bool starts_hex(struct str text, size_t at)
{
    int x = byte_at(text, at + 1);

    return byte_at(text, at) == '0' && (x == 'x' || x == 'X') &&
           hex_digit(byte_at(text, at + 2)) >= 0;
}

/* An integer whose digits begin at `at`, behind its sign or 0x. */
static struct token scan_integer(struct str text, size_t start, size_t at,
                                 int base)
{
    struct token token = { .kind = TOKEN_INTEGER, .offset = start };
    int64_t value;
    bool wraps;

    at += scan_digits(text, at, base, &value, &wraps);
    if (byte_at(text, at) == 'L') {
        token.kind = TOKEN_INTEGER64;
        at += byte_at(text, at + 1) == 'L' ? 2 : 1;
    } else if (value > INT32_MAX) {
        wraps = true;
    }
    if (wraps)
        token.fault = "this integer is too large to be written without quotes";
    token.length = at - start;
    return token;
}

static struct token scan_number(struct str text, size_t start)
{
    size_t digits = start, end;
    struct token token;

    if (text.data[start] == '-' || text.data[start] == '+')
        digits++;
    for (end = digits; is_digit(byte_at(text, end)); end++)
        ;
    if (starts_hex(text, start))
        token = scan_integer(text, start, start + 2, 16);
    else if ((end > digits || byte_at(text, end) == '.') &&
             float_end(text, end) != end)
        token = (struct token){ .kind = TOKEN_FLOAT,
                                .offset = start,
                                .length = float_end(text, end) - start };
    else if (end > digits)
        token = scan_integer(text, start, digits, 10);
    else
        return bad(start, 1, "a sign must be followed by a number");

    if (token.length == 1 && token.kind == TOKEN_FLOAT)
        return bad(start, 1, "a point alone is not a number");
    end = start + token.length;
    if (is_letter(byte_at(text, end))) {
        while (is_letter(byte_at(text, end)))
            end++;
        return bad(start, end - start,
                   "a number with a unit must be written in quotes");
    }
    return token;
}

static struct token scan_name(struct str text, size_t start)
{
    struct token token = { .kind = TOKEN_NAME, .offset = start };
    struct str name = str_skip(text, start);
    size_t end = start;
    int c;

    do
        c = byte_at(text, ++end);
    while (is_letter(c) || is_digit(c) || c == '-' || c == '_');
    name.len = token.length = end - start;
    if (str_eq_nocase(name, STR("true")) || str_eq_nocase(name, STR("false")))
        token.kind = TOKEN_BOOL;
    return token;
}

/* Only blanks between the start of the line and `at`. */
static bool begins_line(struct str text, size_t at)
{
    while (at > 0 && (text.data[at - 1] == ' ' || text.data[at - 1] == '\t'))
        at--;
    return at == 0 || text.data[at - 1] == '\n';
}

static struct token scan_include(struct str text, size_t start)
{
    static const struct str word = STR_INIT("@include");
    size_t at = start + word.len;
    const char *end;

    if (!str_starts_with(str_skip(text, start), word))
        return bad(start, 1, "unexpected character; did you mean @include?");
    if (!begins_line(text, start))
        return bad(start, word.len, "@include must be the first on its line");
    while (byte_at(text, at) == ' ' || byte_at(text, at) == '\t')
        at++;
    if (at == start + word.len || byte_at(text, at) != '"')
        return bad(start, word.len,
                   "@include must be followed by a space and a path in quotes");
    end = memchr(text.data + at + 1, '"', text.len - at - 1);
    if (!end || memchr(text.data + at, '\n', (size_t)(end - text.data) - at))
        return bad(at, 1, "this path is never closed");
    return (struct token){ .kind = TOKEN_INCLUDE,
                           .offset = start,
                           .length = (size_t)(end - text.data) + 1 - start };
}

struct str scan_include_path(struct str text, const struct token *token)
{
    struct str path = { text.data + token->offset, token->length - 1 };
    const char *quote = memchr(path.data, '"', path.len);

    return str_skip(path, (size_t)(quote - path.data) + 1);
}

static struct token scan_token(struct str text, size_t at)
{
    static const struct {
        char c;
        enum token_kind kind;
    } marks[] = {
        { '=', TOKEN_EQUALS },      { ':', TOKEN_EQUALS },
        { ',', TOKEN_COMMA },       { ';', TOKEN_SEMICOLON },
        { '{', TOKEN_GROUP_START }, { '}', TOKEN_GROUP_END },
        { '[', TOKEN_ARRAY_START }, { ']', TOKEN_ARRAY_END },
        { '(', TOKEN_LIST_START },  { ')', TOKEN_LIST_END },
    };
    int c = byte_at(text, at);

    if (c < 0)
        return (struct token){ .kind = TOKEN_END, .offset = at };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (c == marks[i].c)
            return (struct token){ marks[i].kind, at, 1, NULL };
    if (is_letter(c))
        return scan_name(text, at);
    if (is_digit(c) || c == '-' || c == '+' || c == '.')
        return scan_number(text, at);
    if (c == '"')
        return scan_string(text, at);
    if (c == '@')
        return scan_include(text, at);
    return bad(at, 1, "unexpected character");
}

struct token scan_next(struct scanner *scanner)
{
    struct token token;
    size_t open;

    if (!skip_blank(scanner, &open))
        return bad(open, 2, "this comment is never closed");
    token = scan_token(scanner->text, scanner->at);
    if (token.kind != TOKEN_BAD)
        scanner->at += token.length;
    return token;
}
