#include "policy/expr/literal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* Strings ---------------------------------------------------------------- */

/* Where an escaped string is read from and written to. It never grows by
 * being unescaped, so `out` has room. */
struct unescape {
    struct str text;
    size_t offset;
    char *out;
    size_t out_len;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Reads `count` digits. False if there are fewer. */
static bool read_digits(struct unescape *from, int base, int count,
                        uint32_t *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, from->offset++) {
        int digit = from->offset < from->text.len
                        ? hex_digit(from->text.data[from->offset])
                        : -1;

        if (digit < 0 || digit >= base)
            return false;
        *number = *number * (uint32_t)base + (uint32_t)digit;
    }
    return true;
}

static void put_byte(struct unescape *to, uint32_t byte)
{
    to->out[to->out_len++] = (char)byte;
}

/* False if it is no code point that UTF-8 can have. */
static bool put_code_point(struct unescape *to, uint32_t point)
{
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return false;
    if (point < 0x80) {
        put_byte(to, point);
        return true;
    }
    if (point < 0x800) {
        put_byte(to, 0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            put_byte(to, 0xe0 | point >> 12);
        } else {
            put_byte(to, 0xf0 | point >> 18);
            put_byte(to, 0x80 | (point >> 12 & 0x3f));
        }
        put_byte(to, 0x80 | (point >> 6 & 0x3f));
    }
    put_byte(to, 0x80 | (point & 0x3f));
    return true;
}

/* What a letter behind a backslash stands for, or 0. */
static char simple_escape(char letter, char quote)
{
    switch (letter) {
    case 'a':
        return '\a';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'v':
        return '\v';
    case '\\':
        return '\\';
    default:
        return letter == quote ? quote : '\0';
    }
}

/* One escape; the offset is behind its backslash. */
static bool unescape_one(struct unescape *string, char quote)
{
    char letter = string->text.data[string->offset];
    char simple = simple_escape(letter, quote);
    uint32_t number;

    if (simple != '\0') {
        put_byte(string, (uint32_t)simple);
        string->offset++;
        return true;
    }
    if (letter >= '0' && letter <= '7') {
        if (!read_digits(string, 8, 3, &number) || number > 0xff)
            return false;
        put_byte(string, number);
        return true;
    }
    string->offset++;
    switch (letter) {
    case 'x':
        if (!read_digits(string, 16, 2, &number))
            return false;
        put_byte(string, number);
        return true;
    case 'u':
        return read_digits(string, 16, 4, &number) &&
               put_code_point(string, number);
    case 'U':
        return read_digits(string, 16, 8, &number) &&
               put_code_point(string, number);
    default:
        return false;
    }
}

/* text: what is between the quotes; offset: where that is. */
static bool unescape(struct str text, size_t offset, char quote,
                     struct arena *arena, struct str *value,
                     struct expr_error *error)
{
    struct unescape string = { .text = text,
                               .out = arena_alloc(arena, text.len) };

    while (string.offset < text.len) {
        size_t start = string.offset++;

        if (text.data[start] != '\\')
            put_byte(&string, (uint32_t)text.data[start]);
        else if (!unescape_one(&string, quote))
            return expr_fail(error,
                             (struct span){ (uint32_t)(offset + start), 2 },
                             "no such escape in a string");
    }
    *value = (struct str){ string.out, string.out_len };
    return true;
}

/* The offset of the closing quote, or text.len if there is none. */
static size_t find_end(struct str text, size_t offset, char quote,
                       bool *has_escapes)
{
    bool is_raw = quote == '`';

    *has_escapes = false;
    for (; offset < text.len && text.data[offset] != quote; offset++) {
        if (is_raw)
            continue;
        if (text.data[offset] == '\n')
            return text.len;
        if (text.data[offset] == '\\') {
            *has_escapes = true;
            offset++;
        }
    }
    return offset < text.len ? offset : text.len;
}

bool literal_string(struct str text, size_t offset, struct arena *arena,
                    struct str *value, size_t *end, struct expr_error *error)
{
    char quote = text.data[offset];
    bool has_escapes;
    size_t close = find_end(text, offset + 1, quote, &has_escapes);
    struct str between;

    if (close == text.len)
        return expr_fail(error, (struct span){ (uint32_t)offset, 1 },
                         "this string has no closing %c", quote);
    *end = close + 1;
    between = (struct str){ text.data + offset + 1, close - offset - 1 };
    if (has_escapes)
        return unescape(between, offset + 1, quote, arena, value, error);
    *value = between;
    return true;
}

/* Numbers ---------------------------------------------------------------- */

static size_t count_digits(struct str text)
{
    size_t count = 0;

    while (count < text.len && isdigit((unsigned char)text.data[count]))
        count++;
    return count;
}

/* False if it does not fit. */
static bool read_int64(struct str digits, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, digits.data[i] - '0', number))
            return false;
    return true;
}

/* Longer than any double needs; strtod wants a NUL behind it. */
#define DOUBLE_TEXT_MAX 400

static bool read_double(struct str text, double *number)
{
    char copy[DOUBLE_TEXT_MAX + 1];
    char *end;
    bool is_hex = text.len > 1 && (text.data[1] | 0x20) == 'x';

    if (text.len > DOUBLE_TEXT_MAX)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    /* Hexadecimal integers are no numbers of this language. */
    if (is_hex && !strpbrk(copy, "pP"))
        return false;
    *number = strtod(copy, &end);
    return end == copy + text.len;
}

bool literal_number(struct str text, struct value *value, const char **why)
{
    if (count_digits(text) == text.len) {
        value->type = VALUE_INT64;
        *why = "does not fit INT64";
        return read_int64(text, &value->int64);
    }
    value->type = VALUE_DOUBLE;
    *why = "is no number";
    if (!read_double(text, &value->number))
        return false;
    *why = "does not fit DOUBLE";
    return isfinite(value->number);
}
