/*
 * Which rules are asked, and what is read to know that: rules are named by
 * letters in file order.
 */
#include "test/support/table.h"

#include "policy/rule/scope.h"

#include <stdio.h>
#include <stdlib.h>

#define RULES_MAX 12

struct rule_row {
    const char *match;     /* NULL: always */
    const char *namespace; /* NULL: of all */
    enum on_error on_error;
};

struct fixture {
    struct arena arena;
    struct vocabulary *vocabulary;
    struct rule rules[RULES_MAX];
    struct ruleset ruleset;
    struct bag bag;
    struct refs refs;
};

static void setup(struct fixture *f, const struct rule_row *rows)
{
    uint32_t count = 0;

    *f = (struct fixture){ .vocabulary = vocabulary_new() };
    arena_init(&f->arena, 0);
    for (; count < RULES_MAX && (rows[count].match || rows[count].namespace);
         count++) {
        struct rule *rule = &f->rules[count];
        struct expr_error error = { 0 };

        if (rows[count].match)
            rule->match = code_compile(str_of(rows[count].match), VALUE_BOOL,
                                       f->vocabulary, &f->arena, &error);
        if (rows[count].match && !rule->match)
            row_fail(rows[count].match, "%s", error.message);
        if (rows[count].namespace)
            rule->namespace = str_of(rows[count].namespace);
        rule->on_error = rows[count].on_error;
    }
    f->ruleset = (struct ruleset){ .rules = f->rules, .rule_count = count };
    scopes_build(&f->ruleset, true, f->vocabulary, &f->arena);
}

static void teardown(struct fixture *f)
{
    arena_fini(&f->arena);
    vocabulary_free(f->vocabulary);
}

struct attribute_row {
    const char *name, *text; /* of a key: "request.headers.x" */
};

/* request.headers is there unless the name "no headers" is given. */
static void fill_bag(struct fixture *f, const struct attribute_row *rows)
{
    uint32_t headers = vocabulary_id(f->vocabulary, STR("request.headers"));
    struct string_pair *pairs = arena_calloc(&f->arena, 4, sizeof(*pairs));
    struct string_map *map = arena_calloc(&f->arena, 1, sizeof(*map));
    const struct str prefix = STR("request.headers.");
    bool has_headers = headers != ATTR_NONE;

    map->pairs = pairs;
    bag_init(&f->bag, f->vocabulary, &f->arena);
    refs_init(&f->refs, &f->arena);
    f->bag.refs = &f->refs;
    for (; rows->name; rows++) {
        struct str name = str_of(rows->name), text = str_of(rows->text);
        uint32_t id = vocabulary_id(f->vocabulary, name);

        if (strcmp(rows->name, "no headers") == 0)
            has_headers = false;
        else if (str_starts_with(name, prefix))
            pairs[map->count++] =
                (struct string_pair){ str_skip(name, prefix.len), text };
        else if (id != ATTR_NONE && strcmp(rows->name, "request.size") == 0)
            bag_set(&f->bag, id,
                    (struct value){ VALUE_INT64,
                                    .int64 = strtol(rows->text, NULL, 10) });
        else if (id != ATTR_NONE)
            bag_set(&f->bag, id,
                    (struct value){ VALUE_STRING, .string = text });
    }
    if (has_headers)
        bag_set(&f->bag, headers,
                (struct value){ VALUE_STRING_MAP, .map = map });
}

static struct str candidates(struct fixture *f)
{
    char *letters = arena_alloc(&f->arena, RULES_MAX);
    struct candidates found;
    uint32_t rule;
    size_t len = 0;

    assert_true(scopes_find(f->ruleset.scopes, &f->bag, &found));
    while ((rule = candidates_next(&found)) != RULE_NONE) {
        assert_in_range(len, 0, RULES_MAX - 1);
        letters[len++] = (char)('a' + (char)rule);
    }
    return (struct str){ letters, len };
}

/* "name name.key -absent" */
static struct str reads(struct fixture *f)
{
    struct str all = STR("");

    for (uint32_t i = 0; i < f->refs.count; i++) {
        const struct ref *ref = &f->refs.items[i];

        all = arena_printf(
            &f->arena, "%.*s%s%s%.*s%s%.*s", STR_ARG(all), i > 0 ? " " : "",
            ref->present ? "" : "-",
            STR_ARG(vocabulary_name(f->vocabulary, ref->attribute)),
            ref->key.data ? "." : "", STR_ARG(row_shown(ref->key)));
    }
    return all;
}

/* ---- look-ups ---------------------------------------------------------- */

static const struct {
    const char *why;
    struct rule_row rules[RULES_MAX];
    struct attribute_row request[5];
    const char *want, *reads;
} rows[] = {
    { "equality",
      { { "source.user == 'x'", 0, 0 }, { "source.user == 'y'", 0, 0 } },
      { { "source.user", "y" } },
      "b",
      "source.user" },
    { "by bytes, whole",
      { { "source.user == 'x'", 0, 0 }, { "source.user == 'xy'", 0, 0 } },
      { { "source.user", "xyz" } },
      "",
      "source.user" },
    { "an integer",
      { { "request.size == 1", 0, 0 }, { "request.size == 256", 0, 0 } },
      { { "request.size", "256" } },
      "b",
      "request.size" },
    { "absent: whatever cannot be evaluated, or holds by its default",
      { { "source.user == 'x'", 0, 0 },
        { "source.user | '' == 'x'", 0, 0 },
        { "source.user | 'x' == 'x'", 0, 0 } },
      { { 0 } },
      "ac",
      "-source.user" },
    { "prefixes, of all lengths, in file order",
      { { "request.path.startsWith('/a/b')", 0, 0 },
        { "request.path == '/a/b/c'", 0, 0 },
        { "request.path.startsWith('/a/b/c/d')", 0, 0 },
        { "request.path.startsWith('/a')", 0, 0 },
        { "request.path.startsWith('/x')", 0, 0 } },
      { { "request.path", "/a/b/c" } },
      "abd",
      "request.path" },
    { "the empty value begins with nothing",
      { { "request.path.startsWith('/')", 0, 0 },
        { "request.path == ''", 0, 0 } },
      { { "request.path", "" } },
      "b",
      "request.path" },
    { "keys of a map",
      { { "request.headers['a'] | '' == '1'", 0, 0 },
        { "request.headers['b'] | '' == '1'", 0, 0 },
        { "request.headers['b'] | '' == '2'", 0, 0 } },
      { { "request.headers.b", "1" } },
      "b",
      "-request.headers.a request.headers.b" },
    { "a missing key is \"\", or the default",
      { { "request.headers['a'] == ''", 0, 0 },
        { "request.headers['a'] == '1'", 0, 0 },
        { "request.headers['a'] | '1' == '1'", 0, 0 },
        { "request.headers['a'] | '' == '1'", 0, 0 } },
      { { 0 } },
      "ac",
      "-request.headers.a" },
    { "a missing map is a failure, or the default",
      { { "request.headers['a'] == ''", 0, 0 },
        { "request.headers['a'] == '1'", 0, 0 },
        { "request.headers['a'] | '1' == '1'", 0, 0 },
        { "request.headers['a'] | '' == '1'", 0, 0 } },
      { { "no headers", "" } },
      "abc",
      "-request.headers" },
    { "what nothing can index is always asked",
      { { "source.user == 'x'", 0, 0 },
        { "source.user != 'x'", 0, 0 },
        { "source.user == 'y'", 0, 0 },
        { "true", 0, 0 } },
      { { "source.user", "y" } },
      "bcd",
      "source.user" },
};

static void rules_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct fixture f;

        setup(&f, rows[i].rules);
        fill_bag(&f, rows[i].request);
        row_equal_str(rows[i].why, candidates(&f), str_of(rows[i].want));
        row_equal_str(rows[i].why, reads(&f), str_of(rows[i].reads));
        teardown(&f);
    }
}

/* ---- which test a rule is looked up by --------------------------------- */

static const struct {
    const char *why;
    struct rule_row rules[RULES_MAX];
    struct attribute_row request[5];
    const char *want, *reads;
} choices[] = {
    { "the first test decides, and the user is not read",
      { { "request.path == '/1' && source.user == 'x'", 0, 0 },
        { "request.path == '/2' && source.user == 'y'", 0, 0 } },
      { { "request.path", "/2" }, { "source.user", "x" } },
      "b",
      "request.path" },
    { "few share the user, but the path is read anyway and tells them apart",
      { { "source.user == 'x' && request.path == '/1'", 0, 0 },
        { "source.user == 'x' && request.path == '/2'", 0, 0 },
        { "request.path == '/3'", 0, 0 } },
      { { "request.path", "/2" }, { "source.user", "x" } },
      "b",
      "request.path" },
    { "what is read anyway is no better where as many share it",
      { { "source.user == 'x' && request.path == '/1'", 0, 0 },
        { "source.user == 'y' && request.path == '/1'", 0, 0 },
        { "request.path == '/1'", 0, 0 } },
      { { "request.path", "/1" }, { "source.user", "x" } },
      "ac",
      "source.user request.path" },
    { "what may fail before it cannot stand for a rule that denies then",
      { { "source.user == 'x' && request.path == '/1'", 0, ON_ERROR_DENY },
        { "source.user == 'x' && request.path == '/2'", 0, ON_ERROR_DENY },
        { "request.path == '/3'", 0, 0 } },
      { { "request.path", "/2" }, { "source.user", "x" } },
      "ab",
      "source.user request.path" },
};

static void one_test_is_chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(choices); i++) {
        struct fixture f;

        setup(&f, choices[i].rules);
        fill_bag(&f, choices[i].request);
        row_equal_str(choices[i].why, candidates(&f), str_of(choices[i].want));
        row_equal_str(choices[i].why, reads(&f), str_of(choices[i].reads));
        teardown(&f);
    }
}

/* What ten rules have in common tells them apart badly. */
static void what_many_share_is_not(void **state)
{
    struct rule_row rules[RULES_MAX] = { { 0 } };
    char texts[10][100];
    struct fixture f;

    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(texts[i], sizeof(texts[i]),
                 "request.method == 'GET' && request.path == '/%d'", i);
        rules[i].match = texts[i];
        rules[i].on_error = i == 9 ? ON_ERROR_DENY : ON_ERROR_SKIP;
    }
    setup(&f, rules);
    fill_bag(&f, (struct attribute_row[]){ { "request.method", "GET" },
                                           { "request.path", "/3" },
                                           { NULL, NULL } });
    row_equal_str("the last must notice an absent method", candidates(&f),
                  STR("dj"));
    row_equal_str("read", reads(&f), STR("request.path request.method"));
    fill_bag(&f, (struct attribute_row[]){ { "request.path", "/4" },
                                           { NULL, NULL } });
    row_equal_str("without a method", candidates(&f), STR("ej"));
    teardown(&f);
}

/* ---- namespaces -------------------------------------------------------- */

static const struct rule_row in_namespaces[RULES_MAX] = {
    { "true", "one", 0 },
    { "true", NULL, 0 },
    { "source.user | '' == 'x'", "two", 0 },
    { "true", "one", 0 },
    { "source.user | '' == 'x'", NULL, 0 },
    { NULL, "two", 0 },
};

static const struct {
    const char *why;
    struct attribute_row request[5];
    const char *want, *reads;
} namespace_rows[] = {
    { "no reporter is inbound",
      { { "destination.namespace", "one" }, { "source.namespace", "two" } },
      "abd",
      "-context.reporter.kind destination.namespace -source.user" },
    { "inbound",
      { { "context.reporter.kind", "inbound" },
        { "destination.namespace", "two" },
        { "source.user", "x" } },
      "bcef",
      "context.reporter.kind destination.namespace source.user" },
    { "outbound",
      { { "context.reporter.kind", "outbound" },
        { "destination.namespace", "one" },
        { "source.namespace", "two" } },
      "bf",
      "context.reporter.kind source.namespace -source.user" },
    { "another reporter has none",
      { { "context.reporter.kind", "OUTBOUND" },
        { "destination.namespace", "one" } },
      "b",
      "context.reporter.kind -source.user" },
    { "a namespace without rules",
      { { "destination.namespace", "three" } },
      "b",
      "-context.reporter.kind destination.namespace -source.user" },
    { "no namespace",
      { { 0 } },
      "b",
      "-context.reporter.kind -destination.namespace -source.user" },
};

static void rules_of_the_namespace_are_asked(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, in_namespaces);
    for (size_t i = 0; i < ROWS(namespace_rows); i++) {
        fill_bag(&f, namespace_rows[i].request);
        row_equal_str(namespace_rows[i].why, candidates(&f),
                      str_of(namespace_rows[i].want));
        row_equal_str(namespace_rows[i].why, reads(&f),
                      str_of(namespace_rows[i].reads));
    }
    teardown(&f);
}

static void without_namespaces_none_is_read(void **state)
{
    static const struct rule_row rules[RULES_MAX] = { { "true", 0, 0 } };
    struct fixture f;

    (void)state;
    setup(&f, rules);
    row_equal_i64("in use",
                  vocabulary_id(f.vocabulary, STR("destination.namespace")),
                  ATTR_NONE);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_found),
        cmocka_unit_test(one_test_is_chosen),
        cmocka_unit_test(what_many_share_is_not),
        cmocka_unit_test(rules_of_the_namespace_are_asked),
        cmocka_unit_test(without_namespaces_none_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
