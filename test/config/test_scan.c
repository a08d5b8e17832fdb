/*
 * The scanner against libconfig itself: what it takes for a token, and that
 * string values come out the same byte by byte.
 */
#include "test/support/table.h"

#include "config/scan.h"

#include <libconfig.h>

static const struct {
    const char *why;
    struct str text;
    enum token_kind kind;
    size_t offset, length;
} first[] = {
    { "nothing", STR_INIT(""), TOKEN_END, 0, 0 },
    { "blanks", STR_INIT(" \t\r\n\f"), TOKEN_END, 5, 0 },
    { "comments", STR_INIT("# a\n// b\n/* c\n*/x"), TOKEN_NAME, 16, 1 },
    { "a comment with stars", STR_INIT("/***/x"), TOKEN_NAME, 5, 1 },
    { "a name", STR_INIT("a-b_c*9 = 1"), TOKEN_NAME, 0, 7 },
    { "a name like a bool", STR_INIT("truer"), TOKEN_NAME, 0, 5 },
    { "a bool in any case", STR_INIT("TrUe;"), TOKEN_BOOL, 0, 4 },
    { "an integer", STR_INIT("-12;"), TOKEN_INTEGER, 0, 3 },
    { "hexadecimal", STR_INIT("0x1F;"), TOKEN_INTEGER, 0, 4 },
    { "64 bits", STR_INIT("5L;"), TOKEN_INTEGER64, 0, 2 },
    { "64 bits, long", STR_INIT("5LL;"), TOKEN_INTEGER64, 0, 3 },
    { "a float", STR_INIT("1.5e3;"), TOKEN_FLOAT, 0, 5 },
    { "a float without digits before", STR_INIT(".5"), TOKEN_FLOAT, 0, 2 },
    { "a float by exponent", STR_INIT("1e-3"), TOKEN_FLOAT, 0, 4 },
    { "a string", STR_INIT("\"a\\\"b\" x"), TOKEN_STRING, 0, 6 },
    { "an include", STR_INIT("\n  @include \"x\" y"), TOKEN_INCLUDE, 3, 12 },
    { "a colon", STR_INIT(":"), TOKEN_EQUALS, 0, 1 },
    { "a unit", STR_INIT("60s"), TOKEN_BAD, 0, 3 },
    { "three L", STR_INIT("5LLL"), TOKEN_BAD, 0, 4 },
    { "hexadecimal without digits", STR_INIT("0x;"), TOKEN_BAD, 0, 2 },
    { "a sign", STR_INIT("- 5"), TOKEN_BAD, 0, 1 },
    { "a sign and an exponent", STR_INIT("-e5"), TOKEN_BAD, 0, 1 },
    { "a point", STR_INIT("."), TOKEN_BAD, 0, 1 },
    { "an open string", STR_INIT(" \"a"), TOKEN_BAD, 1, 1 },
    { "an open string by its escape", STR_INIT("\"\\\""), TOKEN_BAD, 0, 1 },
    { "an open comment", STR_INIT(" /* *"), TOKEN_BAD, 1, 2 },
    { "an underscore", STR_INIT("_a"), TOKEN_BAD, 0, 1 },
    { "beyond ASCII", STR_INIT("\xc3\xa4"), TOKEN_BAD, 0, 1 },
    { "a vertical tab", STR_INIT("\v"), TOKEN_BAD, 0, 1 },
    { "an include without a space", STR_INIT("@include\"x\""), TOKEN_BAD, 0,
      8 },
    { "an include over two lines", STR_INIT("@include \"x\n\""), TOKEN_BAD, 9,
      1 },
};

static void test_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(first); i++) {
        struct scanner scanner = { .text = first[i].text };
        struct token token = scan_next(&scanner);

        row_equal_i64(first[i].why, token.kind, first[i].kind);
        row_equal_i64(first[i].why, token.offset, first[i].offset);
        row_equal_i64(first[i].why, token.length, first[i].length);
        row_true(first[i].why,
                 (token.kind == TOKEN_BAD) == (token.fault != NULL));
    }
}

/* libconfig reads these as something else, without a word. */
static const struct {
    const char *why;
    struct str text;
    bool is_faulty;
} faults[] = {
    { "the largest of 32 bits", STR_INIT("2147483647"), false },
    { "wraps to -2147483648", STR_INIT("2147483648"), true },
    { "wraps", STR_INIT("5000000000"), true },
    { "wraps in hexadecimal", STR_INIT("0xffffffff"), true },
    { "the largest of 64 bits", STR_INIT("9223372036854775807L"), false },
    { "is cut to 64 bits", STR_INIT("9223372036854775808L"), true },
    { "wraps in hexadecimal, 64 bits", STR_INIT("0x8000000000000000L"), true },
    { "more than 64 bits", STR_INIT("99999999999999999999999"), true },
    { "a NUL byte is left out", STR_INIT("\"a\\x00b\""), true },
    { "no NUL byte", STR_INIT("\"a\\\\x00b\""), false },
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(faults); i++) {
        struct scanner scanner = { .text = faults[i].text };
        struct token token = scan_next(&scanner);

        row_true(faults[i].why, token.kind != TOKEN_BAD);
        row_equal_i64(faults[i].why, token.fault != NULL, faults[i].is_faulty);
    }
}

/* Every escape, and every byte behind a backslash. */
static void test_strings(void **state)
{
    char literal[600] = "\"", setting[700], value[600];
    size_t len = 1, at = 1, count = 0;
    const char *theirs;
    config_t config;

    (void)state;
    for (int c = 1; c < 256; c++) {
        literal[len++] = '\\';
        literal[len++] = (char)c;
    }
    memcpy(literal + len, "\\x41\\X7e\\x4g\\x\"", 16);
    len += 15;

    snprintf(setting, sizeof(setting), "a = %s;", literal);
    config_init(&config);
    assert_true(config_read_string(&config, setting));
    assert_true(config_lookup_string(&config, "a", &theirs));
    while (at < len - 1)
        at += scan_string_piece((struct str){ literal, len }, at,
                                &value[count++]);
    row_equal_str("all escapes", ((struct str){ value, count }),
                  str_of(theirs));
    config_destroy(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
