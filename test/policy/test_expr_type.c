/* The types of expressions over the standard vocabulary, and what is said of
 * those that have none. */
#include "test/support/table.h"

#include "policy/expr/code.h"

/* Standard attributes, and one of each type that none of them has. */
static struct vocabulary *new_vocabulary(void)
{
    struct vocabulary *vocabulary = vocabulary_new();

    vocabulary_declare(vocabulary, STR("score"), VALUE_DOUBLE);
    vocabulary_declare(vocabulary, STR("mail"), VALUE_EMAIL_ADDRESS);
    vocabulary_declare(vocabulary, STR("link"), VALUE_URI);
    vocabulary_declare(vocabulary, STR("domain"), VALUE_DNS_NAME);
    return vocabulary;
}

static void test_types(void **state)
{
    static const struct {
        const char *text;
        enum value_type expected, type;
    } rows[] = {
        { "request.path", VALUE_NONE, VALUE_STRING },
        { "request.headers", VALUE_NONE, VALUE_STRING_MAP },
        { "request.headers['a']", VALUE_NONE, VALUE_STRING },
        { "(request.headers | source.labels)[request.path]", VALUE_STRING,
          VALUE_STRING },
        { "request.size + 1 | 2", VALUE_INT64, VALUE_INT64 },
        { "score + 1.5", VALUE_NONE, VALUE_DOUBLE },
        { "request.path + 'x' | 'y'", VALUE_NONE, VALUE_STRING },
        { "source.ip | destination.ip", VALUE_NONE, VALUE_IP_ADDRESS },
        { "source.ip != destination.ip", VALUE_BOOL, VALUE_BOOL },
        { "request.time >= context.time", VALUE_NONE, VALUE_BOOL },
        { "mail == mail", VALUE_NONE, VALUE_BOOL },
        { "link < link", VALUE_NONE, VALUE_BOOL },
        { "domain | domain", VALUE_NONE, VALUE_DNS_NAME },
        { "connection.mtls == true == false", VALUE_NONE, VALUE_BOOL },
        { "match(request.path, '/a*') && true", VALUE_NONE, VALUE_BOOL },

        { "conditional(true, request.time, response.time)", VALUE_NONE,
          VALUE_TIMESTAMP },
        { "conditional(true, response.duration, '1s')", VALUE_NONE,
          VALUE_DURATION },

        { "'5s'", VALUE_NONE, VALUE_STRING },
        { "'5s'", VALUE_STRING, VALUE_STRING },
        { "'5s'", VALUE_DURATION, VALUE_DURATION },
        { "('5s')", VALUE_DURATION, VALUE_DURATION },
        { "conditional(true, '5s', '6s')", VALUE_DURATION, VALUE_DURATION },
        { "conditional(true, '5s', '6s')", VALUE_NONE, VALUE_STRING },
        { "response.duration | conditional(true, '5s', '6s')", VALUE_NONE,
          VALUE_DURATION },
        { "response.duration | '5s'", VALUE_NONE, VALUE_DURATION },
        { "'5s' | response.duration", VALUE_NONE, VALUE_DURATION },
        { "response.duration | '5s' > '1s'", VALUE_NONE, VALUE_BOOL },
        { "'1s' < response.duration", VALUE_NONE, VALUE_BOOL },
        { "request.path == '5s'", VALUE_NONE, VALUE_BOOL },
        { "request.headers['0'] | '0'", VALUE_NONE, VALUE_STRING },
        { "match('1s', '1s')", VALUE_NONE, VALUE_BOOL },
    };
    struct vocabulary *vocabulary = new_vocabulary();

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct str text = str_of(rows[i].text);
        struct expr_error error;
        const struct code *code =
            code_compile(text, rows[i].expected, vocabulary, &arena, &error);

        if (!code)
            row_fail(rows[i].text, "%s", error.message);
        row_equal_i64(rows[i].text, code_type(code), rows[i].type);
        row_equal_str(rows[i].text, code_text(code), text);
        arena_fini(&arena);
    }
    vocabulary_free(vocabulary);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        enum value_type expected;
        size_t offset, length;
        const char *message;
    } rows[] = {
        { "request.header", VALUE_NONE, 0, 14,
          "unknown attribute request.header, did you mean request.headers" },
        { "true && x.y", VALUE_NONE, 8, 3, "unknown attribute x.y" },
        { "request.headers.x-y", VALUE_NONE, 17, 1, "'-' is no operator" },
        { "request.headers.x == 'a'", VALUE_NONE, 0, 17,
          "unknown attribute request.headers.x, did you mean "
          "request.headers['x']" },
        { "request.auth.claims.a.b", VALUE_NONE, 0, 23,
          "unknown attribute request.auth.claims.a.b, did you mean "
          "request.auth.claims['a.b']" },

        { "request.path", VALUE_BOOL, 0, 12, "expected BOOL, got STRING" },
        { "'5 s'", VALUE_DURATION, 0, 5,
          "expected DURATION (\"1.5s\", \"2h\"), got STRING" },
        { "conditional(true, '5s', 'long')", VALUE_DURATION, 0, 31,
          "expected DURATION (\"1.5s\", \"2h\"), got STRING" },
        { "conditionalString(true, '5s', '6s')", VALUE_DURATION, 0, 35,
          "expected DURATION (\"1.5s\", \"2h\"), got STRING" },
        { "request.path", VALUE_DURATION, 0, 12,
          "expected DURATION (\"1.5s\", \"2h\"), got STRING" },

        { "request.path == 2", VALUE_NONE, 16, 1,
          "expected STRING as before '==', got INT64" },
        { "1 < 1.0", VALUE_NONE, 4, 3,
          "expected INT64 as before '<', got DOUBLE" },
        { "1 == 1 == 1", VALUE_NONE, 10, 1,
          "expected BOOL as before '==', got INT64" },
        { "request.size | '5'", VALUE_NONE, 15, 3,
          "expected INT64 as before '|', got STRING" },
        { "'a' + '5s' | response.duration", VALUE_NONE, 13, 17,
          "expected STRING as before '|', got DURATION" },
        { "response.duration == '5'", VALUE_NONE, 21, 3,
          "expected DURATION (\"1.5s\", \"2h\") as before '==', got STRING" },
        { "domain == 'a.com'", VALUE_NONE, 10, 7,
          "expected DNS_NAME as before '==', got STRING" },
        { "true < false", VALUE_NONE, 7, 5, "'<' cannot compare BOOL" },
        { "source.ip > source.ip", VALUE_NONE, 12, 9,
          "'>' cannot compare IP_ADDRESS" },
        { "request.headers == request.headers", VALUE_NONE, 19, 15,
          "'==' cannot compare STRING_MAP" },
        { "true + false", VALUE_NONE, 7, 5, "'+' cannot add BOOL" },
        { "response.duration + '5s'", VALUE_NONE, 20, 4,
          "'+' cannot add DURATION" },
        { "true && request.path", VALUE_NONE, 8, 12,
          "expected BOOL beside '&&', got STRING" },
        { "1 || true", VALUE_NONE, 0, 1,
          "expected BOOL beside '||', got INT64" },

        { "request.path['a']", VALUE_NONE, 0, 12,
          "expected STRING_MAP before '[', got STRING" },
        { "request.headers[1]", VALUE_NONE, 16, 1,
          "expected STRING as key, got INT64" },
        { "request.headers[request.header]", VALUE_NONE, 16, 14,
          "unknown attribute request.header, did you mean request.headers" },

        { "mach('a', 'b')", VALUE_NONE, 0, 4,
          "unknown function: mach, did you mean match" },
        { "'a'.startWith('b')", VALUE_NONE, 4, 9,
          "unknown function: startWith, did you mean startsWith" },
        { "frobnicate()", VALUE_NONE, 0, 10, "unknown function: frobnicate" },
        { "match('a')", VALUE_NONE, 0, 10, "match takes 2 arguments, not 1" },
        { "match('a', 'b', 'c')", VALUE_NONE, 0, 20,
          "match takes 2 arguments, not 3" },
        { "match('a', 1)", VALUE_NONE, 11, 1,
          "expected STRING as argument 2 of match, got INT64" },
        { "'a'.startsWith()", VALUE_NONE, 0, 16,
          "startsWith takes 1 argument, not 0" },
        { "'a'.startsWith(1)", VALUE_NONE, 15, 1,
          "expected STRING as argument 1 of startsWith, got INT64" },
        { "request.size.endsWith('1')", VALUE_NONE, 0, 12,
          "expected STRING before .endsWith, got INT64" },
        { "'a(b'.matches(request.path)", VALUE_NONE, 4, 1,
          "no regular expression: missing closing parenthesis" },
        { "true && '*'.matches(request.path)", VALUE_NONE, 9, 1,
          "no regular expression: quantifier does not follow a repeatable "
          "item" },
        { "'\\x2a'.matches(request.path)", VALUE_NONE, 0, 6,
          "no regular expression: quantifier does not follow a repeatable "
          "item" },
        { "'x'.matches(1)", VALUE_NONE, 12, 1,
          "expected STRING as argument 1 of matches, got INT64" },
        { "conditional(1, 2, 3)", VALUE_NONE, 12, 1,
          "expected BOOL as argument 1 of conditional, got INT64" },
        { "conditional(true, 2, 'a')", VALUE_NONE, 21, 3,
          "expected INT64 as argument 3 of conditional, got STRING" },
        { "startsWith('a', 'b')", VALUE_NONE, 0, 10,
          "startsWith is called on a value: value.startsWith(...)" },
        { "'a'.match('b')", VALUE_NONE, 4, 5,
          "match is not called on a value: match(...)" },
    };
    struct vocabulary *vocabulary = new_vocabulary();

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct expr_error error;

        row_true(rows[i].text,
                 !code_compile(str_of(rows[i].text), rows[i].expected,
                               vocabulary, &arena, &error));
        row_equal_str(rows[i].text, str_of(error.message),
                      str_of(rows[i].message));
        row_equal_i64(rows[i].text, error.offset, rows[i].offset);
        row_equal_i64(rows[i].text, error.length, rows[i].length);
        arena_fini(&arena);
    }
    /* What does not compile reads nothing. */
    assert_int_equal(vocabulary_count(vocabulary), 0);
    vocabulary_free(vocabulary);
}

static void test_long_name(void **state)
{
    struct vocabulary *vocabulary = vocabulary_new();
    struct arena arena = { 0 };
    struct expr_error error;
    char text[EXPR_TEXT_MAX];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_null(code_compile((struct str){ text, sizeof(text) }, VALUE_NONE,
                             vocabulary, &arena, &error));
    assert_int_equal(error.length, sizeof(text));
    assert_true(strlen(error.message) < 100);
    arena_fini(&arena);
    vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_long_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
