/* Words of an expression, and the values of literals. */
#include "test/support/table.h"

#include "policy/expr/duration.h"
#include "policy/expr/literal.h"
#include "policy/expr/token.h"

#include <stdio.h>

static void test_kinds(void **state)
{
    static const struct {
        const char *why, *text, *kinds;
    } rows[] = {
        { "nothing", "", "" },
        { "only space", " \t\r\n ", "" },
        { "a name has dots", "request.auth.claims", "a name " },
        { "a dot before no letter is a mark", "a.1", "a name a literal " },
        { "a dot at the end", "a.", "a name '.' " },
        { "letters beyond ASCII", "\xc3\xa4.b_1", "a name " },
        { "true is a literal in any case", "true TRUE False",
          "a literal a literal a literal " },
        { "but not as part of a name", "true.x xtrue", "a name a name " },
        { "the longer operator wins",
          "||| <= < ==", "'||' '|' '<=' '<' '==' " },
        { "no space is needed", "a==1&&b!=\"x\"|c",
          "a name '==' a literal '&&' a name '!=' a literal '|' a name " },
        { "marks", "f(a,m['k']).g",
          "a name '(' a name ',' a name '[' "
          "a literal ']' ')' '.' a name " },
        { "all operators", "|| && == != < <= > >= + |",
          "'||' '&&' '==' '!=' '<' '<=' '>' '>=' '+' '|' " },
        { "a plus behind an integer is an operator", "1+2",
          "a literal '+' a literal " },
        { "a plus behind an exponent is a sign", "1e+2", "a literal " },
        { "e is a digit in a hexadecimal number", "0x1ep+1", "a literal " },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct lexer lexer = { .text = str_of(rows[i].text), .arena = &arena };
        struct expr_error error;
        struct token token;
        char kinds[200] = "";
        size_t len = 0;

        do {
            row_true(rows[i].why, token_next(&lexer, &token, &error));
            if (token.kind != TOKEN_END)
                len += (size_t)snprintf(kinds + len, sizeof(kinds) - len, "%s ",
                                        token_name(token.kind));
        } while (token.kind != TOKEN_END);
        row_equal_str(rows[i].why, str_of(kinds), str_of(rows[i].kinds));
        arena_fini(&arena);
    }
}

static void test_strings(void **state)
{
    static const struct {
        const char *why, *text;
        struct str value;
    } rows[] = {
        { "empty", "\"\"", STR_INIT("") },
        { "double quotes", "\"a'b`c\"", STR_INIT("a'b`c") },
        { "single quotes, any length", "'a\"b'", STR_INIT("a\"b") },
        { "raw: no escapes", "`a\\n\"'`", STR_INIT("a\\n\"'") },
        { "raw: over lines", "`a\nb`", STR_INIT("a\nb") },
        { "simple escapes", "\"\\a\\b\\f\\n\\r\\t\\v\\\\\"",
          STR_INIT("\a\b\f\n\r\t\v\\") },
        { "the quote itself", "\"\\\"\"", STR_INIT("\"") },
        { "the single quote itself", "'\\''", STR_INIT("'") },
        { "octal", "\"\\000\\101\\377\"", STR_INIT("\0A\xff") },
        { "hexadecimal", "\"\\x00\\x41\\xfF\"", STR_INIT("\0A\xff") },
        { "code points of one to four bytes",
          "\"\\u0041\\u00e4\\u20ac\\U0001f600\"",
          STR_INIT("A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") },
        { "the last code point", "\"\\U0010ffff\"",
          STR_INIT("\xf4\x8f\xbf\xbf") },
        { "bytes that are no UTF-8", "\"\xff\"", STR_INIT("\xff") },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct str text = str_of(rows[i].text), value;
        struct expr_error error;
        size_t end;

        row_true(rows[i].why,
                 literal_string(text, 0, &arena, &value, &end, &error));
        row_equal_str(rows[i].why, value, rows[i].value);
        row_equal_i64(rows[i].why, end, text.len);
        arena_fini(&arena);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *why, *text;
        struct value value;
    } rows[] = {
        { "zero", "0", { .type = VALUE_INT64, .int64 = 0 } },
        { "leading zeros are decimal",
          "010",
          { .type = VALUE_INT64, .int64 = 10 } },
        { "the largest",
          "9223372036854775807",
          { .type = VALUE_INT64, .int64 = INT64_MAX } },
        { "double", "3.75", { .type = VALUE_DOUBLE, .number = 3.75 } },
        { "no digit before the dot",
          ".5",
          { .type = VALUE_DOUBLE, .number = 0.5 } },
        { "none behind it", "1.", { .type = VALUE_DOUBLE, .number = 1 } },
        { "exponent", "25E-2", { .type = VALUE_DOUBLE, .number = 0.25 } },
        { "hexadecimal", "0x1.8p1", { .type = VALUE_DOUBLE, .number = 3 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct value value = { 0 };
        const char *why;

        row_true(rows[i].why,
                 literal_number(str_of(rows[i].text), &value, &why));
        row_equal_i64(rows[i].why, value.type, rows[i].value.type);
        /* All of these are the same in both forms only if equal. */
        row_equal_i64(rows[i].why, value.int64, rows[i].value.int64);
    }
}

static void test_durations(void **state)
{
    static const struct {
        const char *why, *text;
        bool is_one;
        int64_t ns;
    } rows[] = {
        { "seconds", "5s", true, INT64_C(5000000000) },
        { "all units", "1h1m1s1ms1us1ns", true, INT64_C(3661001001001) },
        { "micro sign", "1\xc2\xb5s", true, 1000 },
        { "Greek mu", "1\xce\xbcs", true, 1000 },
        { "fraction", "1.5ms", true, 1500000 },
        { "only a fraction", ".25s", true, 250000000 },
        { "nothing behind the dot", "1.s", true, 1000000000 },
        { "more digits than nanoseconds", "0.1234567899s", true, 123456789 },
        { "thirds of an hour, rounded down", "0.333333333333333333h", true,
          INT64_C(1199999999999) },
        { "negative", "-2m", true, -INT64_C(120000000000) },
        { "zero needs no unit", "0", true, 0 },
        { "with a sign neither", "+0", true, 0 },
        { "the largest", "9223372036854775807ns", true, INT64_MAX },
        { "too large", "9223372036854775808ns", false, 0 },
        { "too large by the unit", "2562048h", false, 0 },
        { "too large by the sum", "2562047h60m", false, 0 },
        { "empty", "", false, 0 },
        { "only a sign", "-", false, 0 },
        { "no unit", "5", false, 0 },
        { "no number", "s", false, 0 },
        { "no digits", ".s", false, 0 },
        { "space", "5 s", false, 0 },
        { "an unknown unit", "5d", false, 0 },
        { "something behind", "5sx", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t ns = 0;

        row_equal_i64(rows[i].why, duration_parse(str_of(rows[i].text), &ns),
                      rows[i].is_one);
        row_equal_i64(rows[i].why, ns, rows[i].ns);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *why, *text;
        uint32_t offset, length;
        const char *message;
    } rows[] = {
        { "assignment", " = 2", 1, 1, "'=' is no operator, write '=='" },
        { "single and", "& b", 0, 1, "'&' is no operator, write '&&'" },
        { "negation", "!a", 0, 1, "'!' is no operator, write '== false'" },
        { "subtraction", "- 1", 0, 1, "'-' is no operator" },
        { "at sign", "@23", 0, 1, "'@' is no operator" },
        { "control byte", "\001", 0, 1, "unexpected byte 0x01" },
        { "open string", " \"abc", 1, 1, "this string has no closing \"" },
        { "a quote that is escaped", "\"abc\\\"", 0, 1,
          "this string has no closing \"" },
        { "a backslash at the end", "'\\", 0, 1,
          "this string has no closing '" },
        { "a newline in a string", "'a\nb'", 0, 1,
          "this string has no closing '" },
        { "open raw string", "`a\n", 0, 1, "this string has no closing `" },
        { "unknown escape", "\"ab\\q\"", 3, 2, "no such escape in a string" },
        { "the other quote is no escape", "\"\\'\"", 1, 2,
          "no such escape in a string" },
        { "short hexadecimal", "\"\\x4\"", 1, 2, "no such escape in a string" },
        { "octal beyond a byte", "\"\\400\"", 1, 2,
          "no such escape in a string" },
        { "a surrogate", "\"\\ud800\"", 1, 2, "no such escape in a string" },
        { "beyond Unicode", "\"\\U00110000\"", 1, 2,
          "no such escape in a string" },
        { "too large", "9223372036854775808", 0, 19,
          "9223372036854775808 does not fit INT64" },
        { "hexadecimal integer", "0x10", 0, 4, "0x10 is no number" },
        { "octal integer", "0o17", 0, 4, "0o17 is no number" },
        { "underscore", "1_000", 0, 5, "1_000 is no number" },
        { "two dots", "1.2.3", 0, 5, "1.2.3 is no number" },
        { "exponent without digits", "1e+", 0, 3, "1e+ is no number" },
        { "letters behind", "12ab", 0, 4, "12ab is no number" },
        { "infinite", "1e999", 0, 5, "1e999 does not fit DOUBLE" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct lexer lexer = { .text = str_of(rows[i].text), .arena = &arena };
        struct expr_error error;
        struct token token;

        row_true(rows[i].why, !token_next(&lexer, &token, &error));
        row_equal_i64(rows[i].why, error.offset, rows[i].offset);
        row_equal_i64(rows[i].why, error.length, rows[i].length);
        row_equal_str(rows[i].why, str_of(error.message),
                      str_of(rows[i].message));
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_durations),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
