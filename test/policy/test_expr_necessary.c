/* What an expression cannot be true without. */
#include "test/support/table.h"

#include "policy/expr/necessary.h"
#include "policy/expr/refute.h"

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

/* ---- what refutes ------------------------------------------------------ */

/* The request has source.user "ann", request.size 7 and the header x. */
static const struct {
    const char *why, *expr;
    bool is_refuted;
} refutations[] = {
    { "equal", "source.user == 'ann'", false },
    { "not equal", "source.user == 'bob'", true },
    { "an integer", "request.size == 7", false },
    { "another integer", "request.size == 8", true },
    { "a beginning", "source.user.startsWith('an')", false },
    { "another beginning", "match(source.user, 'b*')", true },
    { "absent: it cannot be evaluated", "request.path == '/'", false },
    { "absent, and false by its default", "request.path | '' == '/'", true },
    { "absent, and true by its default", "request.path | '/' == '/'", false },
    { "a key", "request.headers['x'] == '1'", false },
    { "another value of a key", "request.headers['x'] == '2'", true },
    { "no such key", "request.headers['y'] | '' == '1'", true },
    { "no such key, and true by its default",
      "request.headers['y'] | '1' == '1'", false },
    { "no such map", "source.labels['x'] == '1'", false },
    { "no such map, and false by its default", "source.labels['x'] | '' == '1'",
      true },
    { "whatever is before it",
      "request.path == '/' && source.user == 'ann' && request.size == 8",
      true },
    { "false, but not one that it needs", "source.user != 'ann'", false },
    { "one of two", "source.user == 'bob' || request.path == '/'", false },
};

static void fill(struct bag *bag, struct vocabulary *vocabulary,
                 struct arena *arena)
{
    static const struct string_pair pair = { STR_INIT("x"), STR_INIT("1") };
    static const struct string_map map = { &pair, 1 };
    const struct {
        struct str name;
        struct value value;
    } values[] = {
        { STR("source.user"), { VALUE_STRING, .string = STR("ann") } },
        { STR("request.size"), { VALUE_INT64, .int64 = 7 } },
        { STR("request.headers"), { VALUE_STRING_MAP, .map = &map } },
    };

    bag_init(bag, vocabulary, arena);
    for (size_t i = 0; i < ROWS(values); i++) {
        uint32_t id = vocabulary_id(vocabulary, values[i].name);

        if (id != ATTR_NONE)
            bag_set(bag, id, values[i].value);
    }
}

static void test_refuted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refutations); i++) {
        struct vocabulary *vocabulary = vocabulary_new();
        const struct code *code;
        struct expr_error error;
        struct arena arena;
        struct refs refs;
        struct bag bag;

        arena_init(&arena, 0);
        code = code_compile(str_of(refutations[i].expr), VALUE_BOOL, vocabulary,
                            &arena, &error);
        row_true(refutations[i].why, code != NULL);
        fill(&bag, vocabulary, &arena);
        refs_init(&refs, &arena);
        bag.refs = &refs;
        row_equal_i64(refutations[i].why, code_is_refuted(code, &bag),
                      refutations[i].is_refuted);
        row_equal_i64("nothing is recorded", refs.count, 0);
        arena_fini(&arena);
        vocabulary_free(vocabulary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_necessary),
        cmocka_unit_test(test_refuted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
