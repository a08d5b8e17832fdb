/* What an expression cannot be true without. */
#include "test/support/table.h"

#include "policy/expr/necessary.h"

/* One test a line: what is tested, '=' or '^' (begins with), the literal; "?"
 * where it is open without the attribute, "k" without the key, "~" where
 * something before it can fail. */
static struct str show(struct necessaries tests,
                       const struct vocabulary *vocabulary, struct arena *arena)
{
    struct str all = STR("");

    for (uint32_t i = 0; i < tests.count; i++) {
        const struct necessary *test = &tests.items[i];
        struct str name = vocabulary_name(vocabulary, test->attribute);
        struct str literal = test->literal;
        int64_t number;

        if (vocabulary_type(vocabulary, name) == VALUE_INT64) {
            memcpy(&number, literal.data, sizeof(number));
            literal = arena_printf(arena, "%" PRId64, number);
        }
        if (test->key.data)
            name = arena_printf(arena, "%.*s.%.*s", STR_ARG(name),
                                STR_ARG(test->key));
        all = arena_printf(
            arena, "%.*s%s%.*s %c%.*s%s%s%s", STR_ARG(all), i > 0 ? "; " : "",
            STR_ARG(name), test->kind == NECESSARY_EQUAL ? '=' : '^',
            STR_ARG(row_shown(literal)), test->is_open_without ? " ?" : "",
            test->key.data && test->is_open_without_key ? " k" : "",
            test->is_certain ? "" : " ~");
    }
    return all;
}

static const struct {
    const char *expr, *want;
} rows[] = {
    /* one test */
    { "source.user == 'a'", "source.user =a ?" },
    { "'a' == source.user", "source.user =a ?" },
    { "source.user == ''", "source.user = ?" },
    { "request.size == 7", "request.size =7 ?" },
    { "source.user | 'b' == 'a'", "source.user =a" },
    { "source.user | 'a' == 'a'", "source.user =a ?" },
    { "request.size | 7 == 7", "request.size =7 ?" },
    { "request.size | 0 == 7", "request.size =7" },
    { "request.headers['x'] == 'a'", "request.headers.x =a ?" },
    { "request.headers['x'] == ''", "request.headers.x = ? k" },
    { "request.headers[''] == 'a'", "request.headers. =a ?" },
    { "request.headers['x'] | '' == 'a'", "request.headers.x =a" },
    { "request.headers['x'] | 'a' == 'a'", "request.headers.x =a ? k" },
    { "request.path.startsWith('/a')", "request.path ^/a ?" },
    { "(request.path | '').startsWith('/a')", "request.path ^/a" },
    { "(request.path | '/ab').startsWith('/a')", "request.path ^/a ?" },
    { "request.headers['x'].startsWith('a')", "request.headers.x ^a ?" },
    { "match(request.path, '/a/*')", "request.path ^/a/ ?" },
    { "match(request.path, '/a')", "request.path =/a ?" },
    { "match(request.path, '/a*b')", "request.path =/a*b ?" },

    /* none */
    { "true", "" },
    { "source.user != 'a'", "" },
    { "source.user == source.name", "" },
    { "source.user | source.name == 'a'", "" },
    { "source.user | source.name | 'b' == 'a'", "" },
    { "source.user + 'b' == 'ab'", "" },
    { "source.user == 'a' == true", "" },
    { "source.user == 'a' || source.user == 'b'", "" },
    { "request.size > 7", "" },
    { "request.headers[source.user] == 'a'", "" },
    { "request.path.startsWith('')", "" },
    { "request.path.startsWith(source.user)", "" },
    { "request.path.endsWith('a')", "" },
    { "match(request.path, '*')", "" },
    { "match(request.path, '*a')", "" },
    { "response.duration == '5s'", "" },
    { "conditional(true, source.user, 'a') == 'a'", "" },
    { "'a'", "" },

    /* several */
    { "source.user == 'a' && request.size == 7 && true",
      "source.user =a ?; request.size =7 ? ~" },
    { "source.user | '' == 'a' && (request.size | 0 == 7 && true)",
      "source.user =a; request.size =7" },
    { "request.size > 7 && source.user == 'a'", "source.user =a ? ~" },
    { "request.size | 0 > 7 && source.user == 'a'", "source.user =a ?" },
    { "(source.user | '').endsWith('b') && source.user == 'a'",
      "source.user =a ?" },
    { "source.user | source.name | '' == 'b' && request.size == 1",
      "request.size =1 ? ~" },
    { "(source.user == 'a' || true) && request.size == 1",
      "request.size =1 ? ~" },
    { "(true || source.user | '' == 'a') && request.size == 1",
      "request.size =1 ?" },
};

static void test_necessary(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct vocabulary *vocabulary = vocabulary_new();
        const struct code *code;
        struct expr_error error;
        struct arena arena;

        arena_init(&arena, 0);
        code = code_compile(str_of(rows[i].expr), VALUE_NONE, vocabulary,
                            &arena, &error);
        if (!code)
            row_fail(rows[i].expr, "%s", error.message);
        row_equal_str(rows[i].expr,
                      show(code_necessaries(code), vocabulary, &arena),
                      str_of(rows[i].want));
        arena_fini(&arena);
        vocabulary_free(vocabulary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_necessary) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
