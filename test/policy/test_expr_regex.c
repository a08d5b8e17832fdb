/*
 * Regular expressions: what they find, and that no pattern and no text make a
 * search long.
 */
#include "test/support/table.h"

#include "policy/expr/regex.h"

#include <stdlib.h>
#include <time.h>

/* Compiled beforehand and for this one search; both say the same. */
static const char *search(const char *why, struct str pattern, struct str text,
                          bool *is_found)
{
    struct arena arena = { 0 };
    struct regex_error error;
    const struct regex *regex = regex_compile(pattern, &arena, &error);
    const char *problem;
    bool is_found_at_once = false;

    *is_found = false;
    if (!regex)
        row_fail(why, "%s", error.message);
    problem = regex_search(regex, text, &arena, is_found);
    row_true(why, regex_search_once(pattern, text, &arena, &is_found_at_once) ==
                      problem);
    row_equal_i64(why, is_found_at_once, *is_found);
    arena_fini(&arena);
    return problem;
}

static void test_search(void **state)
{
    static const struct {
        const char *why;
        struct str pattern, text;
        bool is_found;
    } rows[] = {
        { "anywhere", STR_INIT("b+"), STR_INIT("abba"), true },
        { "nowhere", STR_INIT("c"), STR_INIT("abba"), false },
        { "anchored", STR_INIT("^b"), STR_INIT("abba"), false },
        { "the whole", STR_INIT("^ab*a$"), STR_INIT("abba"), true },
        { "the very end", STR_INIT("a$"), STR_INIT("a\n"), false },
        { "nothing in something", STR_INIT(""), STR_INIT("a"), true },
        { "nothing in nothing", STR_INIT("^$"), { 0 }, true },
        { "no pattern", { 0 }, { 0 }, true },
        { "a dot is a letter", STR_INIT("^.$"), STR_INIT("\u20ac"), true },
        { "a dot is no newline", STR_INIT("a.b"), STR_INIT("a\nb"), false },
        { "any case", STR_INIT("(?i)\u00c4rger"), STR_INIT("\u00e4RGER"),
          true },
        { "\\w is ASCII", STR_INIT("\\w"), STR_INIT("\u00e4"), false },
        { "\\pL is not", STR_INIT("\\pL"), STR_INIT("\u00e4"), true },
        { "a name for a group", STR_INIT("(?P<n>a)"), STR_INIT("a"), true },
        { "NUL in both", STR_INIT("a\0b"), STR_INIT("xa\0b"), true },
        { "bytes that are no UTF-8", STR_INIT("^..?$"), STR_INIT("a\xff"),
          false },
        { "beside them", STR_INIT("a"), STR_INIT("\xff\x61\xff"), true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_found;

        row_true(rows[i].why, !search(rows[i].why, rows[i].pattern,
                                      rows[i].text, &is_found));
        row_equal_i64(rows[i].why, is_found, rows[i].is_found);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *pattern;
        size_t offset;
        const char *message;
    } rows[] = {
        { "ab(c", 4, "missing closing parenthesis" },
        { "ab)c", 2, "unmatched closing parenthesis" },
        { "*", 0, "quantifier does not follow a repeatable item" },
        { "[b-a]", 3, "range out of order in character class" },
        { "(a)\\1", 4, "reference to non-existent subpattern" },
        { "\\C", 2, "using \\C is disabled by the application" },
        { "\xff", 0, "UTF-8 error: illegal byte (0xfe or 0xff)" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct str pattern = str_of(rows[i].pattern);
        struct arena arena = { 0 };
        struct regex_error error;
        bool is_found;

        row_true(rows[i].pattern, !regex_compile(pattern, &arena, &error));
        row_equal_str(rows[i].pattern, str_of(error.message),
                      str_of(rows[i].message));
        row_equal_i64(rows[i].pattern, error.offset, rows[i].offset);
        row_equal_str(
            rows[i].pattern,
            str_of(regex_search_once(pattern, STR("a"), &arena, &is_found)),
            STR("no regular expression"));
        arena_fini(&arena);
    }
}

#define TEXT_BYTES ((size_t)1 << 20)

/* `len` times 'a', every `distance`th an 'x', and " !" at its end. */
static struct str long_text(char *memory, size_t len, size_t distance)
{
    memset(memory, 'a', len);
    for (size_t i = distance; distance > 0 && i < len; i += distance)
        memory[i] = 'x';
    memcpy(memory + len - 2, " !", 2);
    return (struct str){ memory, len };
}

#define TOO_DEAR "the regular expression takes too many steps"
#define TOO_LONG "the text is too long for a regular expression"

/* Machine code and the interpreter do not count alike: the column is what the
 * first says, and none may take a second. */
static void test_limits(void **state)
{
    static const struct {
        const char *pattern;
        size_t text_len, distance;
        const char *problem;
    } rows[] = {
        { "(a+)+$", 30, 0, TOO_DEAR },
        { "(a+)+$", 4000, 0, TOO_DEAR },
        { "(a|a)*$", 40, 0, TOO_DEAR },
        { "(a?){50}a{50}$", 100, 0, TOO_DEAR },
        { "(?R)?a+$", 100, 0, TOO_DEAR },
        { "\\w*\\w*\\w*\\w*[yz]", 1000, 0, TOO_DEAR },
        { "([^q]*x)*[yz]", 4000, 1000, "" },
        { "\\w*x\\w*!", 4000, 40, TOO_DEAR },
        { "^(a|b)*c", 1000, 0, "" },
        { "^(a|b)*[ c]$", 4000, 0, TOO_DEAR },
        { "[yz]", 4000, 0, "" },
        { "[yz]", 5000, 0, TOO_LONG },
        { "^[yz]", TEXT_BYTES, 0, "" },
        { "^[^q]*x[^q]*[yz]", TEXT_BYTES, 1000, TOO_DEAR },
    };
    char *memory = malloc(TEXT_BYTES);

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *why = rows[i].pattern, *problem;
        struct str pattern = str_of(why);
        struct str text = long_text(memory, rows[i].text_len, rows[i].distance);
        clock_t start = clock();
        struct arena arena = { 0 };
        struct regex_error error;
        bool is_found = false;

        problem = regex_search(regex_compile(pattern, &arena, &error), text,
                               &arena, &is_found);
        row_equal_str(why, str_of(problem ? problem : ""),
                      str_of(rows[i].problem));
        row_true(why, !is_found);
        regex_search_once(pattern, text, &arena, &is_found);
        row_true(why, !is_found);
        row_true(why, clock() - start < CLOCKS_PER_SEC);
        arena_fini(&arena);
    }
    free(memory);
}

static void test_memory_limit(void **state)
{
    struct arena kept = { 0 };
    struct regex_error error;
    const struct regex *regex = regex_compile(STR("a"), &kept, &error);

    (void)state;
    for (size_t limit = 16; limit <= 256; limit += 16) {
        struct arena small;
        const char *problem;
        bool is_found;

        arena_init(&small, limit);
        problem = regex_search(regex, STR("a"), &small, &is_found);
        assert_true((problem != NULL) == small.is_exhausted);
        assert_true(small.is_exhausted || is_found);
        arena_clear(&small);
        assert_string_equal(
            regex_search_once(STR("a"), STR("a"), &small, &is_found),
            "not enough memory for one request");
        arena_fini(&small);
    }
    arena_fini(&kept);
}

static void test_long_pattern(void **state)
{
    char pattern[REGEX_ONCE_MAX + 1];
    struct str text = { pattern, REGEX_ONCE_MAX };
    struct arena arena = { 0 };
    bool is_found;

    (void)state;
    memset(pattern, 'a', sizeof(pattern));
    assert_null(regex_search_once(text, text, &arena, &is_found));
    assert_true(is_found);
    text.len++;
    assert_string_equal(regex_search_once(text, text, &arena, &is_found),
                        "the regular expression is too long");
    arena_fini(&arena);
}

static void test_huge_patterns(void **state)
{
    static const struct {
        const char *why;
        char unit;
        size_t count;
        const char *message; /* NULL: it compiles */
    } rows[] = {
        { "deep", '(', 10000, "parentheses are too deeply nested" },
        { "long", 'a', 10000, NULL },
        { "longer", 'a', TEXT_BYTES, "regular expression is too large" },
    };
    char *pattern = malloc(TEXT_BYTES);

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct regex_error error = { 0 };

        memset(pattern, rows[i].unit, rows[i].count);
        row_true(rows[i].why,
                 (regex_compile((struct str){ pattern, rows[i].count }, &arena,
                                &error) == NULL) == (rows[i].message != NULL));
        row_equal_str(rows[i].why, str_of(error.message),
                      str_of(rows[i].message ? rows[i].message : ""));
        arena_fini(&arena);
    }
    free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_long_pattern),
        cmocka_unit_test(test_huge_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
