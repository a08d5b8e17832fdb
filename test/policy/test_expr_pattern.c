/* What is said about regular expressions. */
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "policy/expr/pattern.h"
#include "policy/expr/pattern_danger.h"
#include "policy/expr/pattern_hold.h"
#include "policy/expr/regex.h"

#include <stdlib.h>

/* ---- reading ----------------------------------------------------------- */

/* Each character as it stands, ^ and $, () for a sequence, [|] for a choice, _
 * for what is not looked into; "*" and the like behind what is repeated. */
static struct str show(const struct pattern *pattern, struct arena *arena)
{
    struct str all = STR("");
    const char *open = "", *close = "", *between = "";

    switch (pattern->kind) {
    case PATTERN_CHARACTER:
        all = arena_printf(arena, "%.*s ", STR_ARG(pattern->text));
        break;
    case PATTERN_BEGIN:
        all = STR("^ ");
        break;
    case PATTERN_END:
        all = STR("$ ");
        break;
    case PATTERN_EMPTY:
        all = STR("_ ");
        break;
    case PATTERN_SEQUENCE:
        open = "(";
        close = ")";
        break;
    case PATTERN_CHOICE:
        open = "<";
        close = ">";
        between = "|";
        break;
    }
    all = arena_printf(arena, "%s%.*s", open, STR_ARG(all));
    for (const struct pattern *part = pattern->parts; part; part = part->next)
        all =
            arena_printf(arena, "%.*s%.*s%s", STR_ARG(all),
                         STR_ARG(show(part, arena)), part->next ? between : "");
    all = arena_printf(arena, "%.*s%s", STR_ARG(all), close);
    if (pattern_is_once(pattern))
        return all;
    if (pattern->most == PATTERN_UNBOUNDED)
        return arena_printf(arena, "%.*s{%u,}", STR_ARG(all), pattern->least);
    return arena_printf(arena, "%.*s{%u,%u}", STR_ARG(all), pattern->least,
                        pattern->most);
}

static const struct {
    const char *text, *want; /* NULL: not understood */
} trees[] = {
    { "", "()" },
    { "ab", "(a b )" },
    { "a|b|", "<(a )|(b )|()>" },
    { "^a*b+c?$", "(^ a {0,}b {1,}c {0,1}$ )" },
    { "a*?b++", "(a {0,}b {1,})" },
    { "a{2}b{3,}c{4,5}d{,6}{", "(a {2,2}b {3,}c {4,5}d { , 6 } { )" },
    { "a{}b{x}", "(a { } b { x } )" },
    { "(a|b)+c", "((<(a )|(b )>){1,}c )" },
    { "(?:a)(?i:b)(?<n>c)(?>d)", "(((a ))((b ))((c ))((d )))" },
    { "(?i)a(?=b)(?!c)(?<=d)(?<!e)", "(_ a _ _ _ _ )" },
    { "[]a][^]a][[:alpha:]-]\\]", "([]a] [^]a] [[:alpha:]-] \\] )" },
    { "[\\]]\\x41\\x{41}\\p{L}\\pL\\.\\cA",
      "([\\]] \\x41 \\x{41} \\p{L} \\p L \\. \\cA )" },
    { "\\Aa\\b\\z", "(^ a _ $ )" },
    { "(?<q>a)\\k<q>\\k{q}\\g{q}", "(((a ))_ _ _ )" },
    { "\xc3\xa4+", "(\xc3\xa4 {1,})" },
    { "\\Qa.b\\E", NULL },
    { "(?x) a b", NULL },
    { "(?m)^a", NULL },
    { "(?(?=a)b|c)", NULL },
    { "(*UTF)a", NULL },
    { "(a)\\1", NULL },
    /* no patterns, but they must do no harm */
    { "(", NULL },
    { "a)", NULL },
    { "[a", NULL },
    { "a\\", NULL },
    { "\\x", "(\\x )" },
    { "(?", NULL },
    { "(?<", NULL },
    { "(?i", NULL },
    { "\\p{", NULL },
    { "\\c", NULL },
};

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(trees); i++) {
        const struct pattern *pattern;
        struct arena arena;

        arena_init(&arena, 0);
        pattern = pattern_parse(str_of(trees[i].text), &arena);
        if (!trees[i].want)
            row_true(trees[i].text, !pattern);
        else if (!pattern)
            row_fail(trees[i].text, "not understood");
        else
            row_equal_str(trees[i].text, show(pattern, &arena),
                          str_of(trees[i].want));
        arena_fini(&arena);
    }
}

/* What is too deep is not understood; what is long is no matter. */
static void test_limits(void **state)
{
    const size_t size = 100000;
    char *text = malloc(size);
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    memset(text, '(', size);
    assert_null(pattern_parse((struct str){ text, size }, &arena));
    memset(text, '[', size);
    assert_null(pattern_parse((struct str){ text, size }, &arena));
    memset(text, '|', size);
    assert_non_null(pattern_parse((struct str){ text, size }, &arena));
    free(text);
    arena_fini(&arena);
}

/* ---- danger ------------------------------------------------------------ */

static const struct {
    const char *text;
    bool is_dangerous;
} dangers[] = {
    /* exponential */
    { "(a+)+$", true },
    { "^(a*)*b$", true },
    { "^(a|a)*$", true },
    { "^(ab|a|b)*$", true },
    { "^(a|b|ab)*c", true },
    { "^(\\w+\\s?)*$", true },
    { "^([a-zA-Z0-9]+)*@example\\.com$", true },
    { "^/api/v[0-9]+/([a-z]+)*$", true },
    { "^/(?:images|(?:pics|photos)+)+/$", true },
    { "^(([a-z])+.)+[A-Z]([a-z])+$", true },
    { "(x+x+)+y", true },
    { "^(a?){30}a{30}$", true },
    /* cubic and beyond */
    { "^a*a*a*$", true },
    { "^(.*a){12}$", true },
    { "^.*foo.*foo.*foo.*bar$", true },

    /* one way to find it, or few */
    { "^a+$", false },
    { "a+b+c+$", false },
    { "^(/[a-z0-9]+)*$", false },
    { "^([a-z0-9-]+\\.)+example\\.com$", false },
    { "^([a-z]+\\.)*[a-z]+$", false },
    { "^/api/[^/]+/users/[^/]+$", false },
    { "^/api/v[0-9]+/.*$", false },
    { "^.*\\.(jpg|png)$", false },
    { "^(GET|HEAD)$", false },
    { "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", false },
    { "^(\\d{1,3}\\.){3}\\d{1,3}$", false },
    { "^Bearer [A-Za-z0-9-_]+\\.[A-Za-z0-9-_]+\\.[A-Za-z0-9-_]*$", false },
    { "(?i)(bot|crawler|spider)", false },
    { "curl/.*", false },
    { "^(a+)++$", false },  /* possessive: nothing is tried twice */
    { "^(?>a+)+$", false }, /* atomic */
    { "^a*a*$", false },    /* grows with the square only */
    { "^/a/.*/b/.*/c$", false },
    { "^\\s+|\\s+$", false },
    { "", false },
};

static void test_dangers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(dangers); i++) {
        struct str text = str_of(dangers[i].text), word;
        const struct pattern *pattern;
        struct regex_error error;
        struct arena arena;

        arena_init(&arena, 0);
        row_true(dangers[i].text, regex_compile(text, &arena, &error) != NULL);
        pattern = pattern_parse(text, &arena);
        row_true(dangers[i].text, pattern != NULL);
        word = pattern_find_danger(pattern, &arena);
        row_equal_i64(dangers[i].text, word.data != NULL,
                      dangers[i].is_dangerous);
        arena_fini(&arena);
    }
}

/* However many parts a pattern has, it is looked at in bounded time. */
static void test_many_parts(void **state)
{
    struct str text = { NULL, 0 };
    const struct pattern *pattern;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (int i = 0; i < 200; i++)
        text = arena_printf(&arena, "%.*s[%c]*b", STR_ARG(text), 'a' + i % 26);
    pattern = pattern_parse(text, &arena);
    assert_non_null(pattern);
    pattern_find_danger(pattern, &arena);
    arena_fini(&arena);
}

/* ---- held -------------------------------------------------------------- */

static const struct {
    const char *text;
    bool at_begin, at_end, is_name;
    const char *held;
} holds[] = {
    { "a", false, false, false, "^a$" },
    { "^a", true, false, false, "^a$" },
    { "a$", false, true, false, "^a$" },
    { "^a$", true, true, false, "^a$" },
    { "\\Aa\\z", true, true, false, "\\Aa\\z" },
    { "(?i)^a$", true, true, false, "(?i)^a$" },
    { "^a|b$", false, false, false, "^(?:^a|b$)$" },
    { "^a$|^b$", true, true, false, "(?:^a$|^b$)" },
    { "^(a|b)$", true, true, false, "^(a|b)$" },
    { "(^a|^b)c$", true, true, false, "(^a|^b)c$" },
    { "(^a|b)c$", false, true, false, "^(^a|b)c$" },
    { "(^a)?b", false, false, false, "^(^a)?b$" },
    { ".*a.*", true, true, false, ".*a.*" },
    { ".+a.{3}", true, false, false, ".+a.{3}$" },
    { "a\\$", false, false, false, "^a\\$$" },
    { "api.example.com", false, false, true, "^api\\.example\\.com$" },
    { "^api\\.example\\.com", true, false, true, "^api\\.example\\.com$" },
    { "\\.example\\.com$", false, true, true, "^\\.example\\.com$" },
    { "example", false, false, false, "^example$" },
    { "example.", false, false, false, "^example.$" },
    { "a.*b", false, false, false, "^a.*b$" },
    { "/robots\\.txt", false, false, false, "^/robots\\.txt$" },
    { "(a)\\.com", false, false, false, "^(a)\\.com$" },
};

static void test_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(holds); i++) {
        const struct pattern *pattern;
        struct arena arena;

        arena_init(&arena, 0);
        pattern = pattern_parse(str_of(holds[i].text), &arena);
        row_true(holds[i].text, pattern != NULL);
        row_equal_i64(holds[i].text, pattern_is_held_at_begin(pattern),
                      holds[i].at_begin);
        row_equal_i64(holds[i].text, pattern_is_held_at_end(pattern),
                      holds[i].at_end);
        row_equal_i64(holds[i].text, pattern_is_dotted_name(pattern),
                      holds[i].is_name);
        row_equal_str(holds[i].text, pattern_hold(pattern, true, &arena),
                      str_of(holds[i].held));
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_dangers), cmocka_unit_test(test_many_parts),
        cmocka_unit_test(test_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
