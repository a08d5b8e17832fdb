/*
 * Why an expression is false, or has no value: the parts that decided, with
 * what they saw.
 */
#include "test/support/table.h"

#include "policy/check/reason.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct arena arena;
    struct vocabulary *vocabulary;
    struct bag bag;
};

static void set(struct fixture *f, const char *name, struct value value)
{
    uint32_t id = vocabulary_id(f->vocabulary, str_of(name));

    if (id != ATTR_NONE)
        bag_set(&f->bag, id, value);
}

/* request.path is "/x", request.size 42, request.headers {"a": "1"}. */
static const struct code *setup(struct fixture *f, const char *text)
{
    static const struct string_pair pairs[] = { { STR_INIT("a"),
                                                  STR_INIT("1") } };
    static const struct string_map headers = { pairs, 1 };
    struct expr_error error;
    const struct code *code;

    *f = (struct fixture){ .vocabulary = vocabulary_new() };
    arena_init(&f->arena, 0);
    code = code_compile(str_of(text), VALUE_NONE, f->vocabulary, &f->arena,
                        &error);
    if (!code)
        row_fail(text, "%s", error.message);
    assert_true(bag_init(&f->bag, f->vocabulary, &f->arena));
    set(f, "request.path", (struct value){ VALUE_STRING, .string = STR("/x") });
    set(f, "request.size", (struct value){ VALUE_INT64, .int64 = 42 });
    set(f, "connection.mtls", (struct value){ VALUE_BOOL, .boolean = false });
    set(f, "response.duration",
        (struct value){ VALUE_DURATION, .duration_ns = 5 });
    set(f, "request.headers",
        (struct value){ VALUE_STRING_MAP, .map = &headers });
    return code;
}

static void teardown(struct fixture *f)
{
    vocabulary_free(f->vocabulary);
    arena_fini(&f->arena);
}

static void show_value(FILE *out, const struct value *value,
                       struct arena *arena)
{
    if (value->type == VALUE_NONE)
        fputs("absent", out);
    else
        fprintf(out, "%.*s", STR_ARG(value_text(value, arena)));
}

/* "CLAUSE {OPERAND=VALUE ...}; ..." */
static void show_clauses(FILE *out, const struct reason *reason,
                         struct arena *arena)
{
    for (uint32_t i = 0; i < reason->clause_count; i++) {
        const struct clause *clause = &reason->clauses[i];

        fprintf(out, "%s%.*s {", i > 0 ? "; " : "", STR_ARG(clause->text));
        for (uint32_t o = 0; o < clause->operand_count; o++) {
            fprintf(out, "%s%.*s=", o > 0 ? " " : "",
                    STR_ARG(clause->operands[o].text));
            show_value(out, &clause->operands[o].value, arena);
        }
        fputc('}', out);
    }
}

/* "NAME=VALUE NAME[KEY]=VALUE ..." */
static void show_readings(FILE *out, const struct reason *reason,
                          struct arena *arena)
{
    for (uint32_t i = 0; i < reason->reading_count; i++) {
        const struct reading *reading = &reason->readings[i];

        fprintf(out, "%s%.*s", i > 0 ? " " : "", STR_ARG(reading->name));
        if (reading->key.data)
            fprintf(out, "[%.*s]", STR_ARG(reading->key));
        fputc('=', out);
        show_value(out, &reading->value, arena);
    }
}

static void check_shown(const char *why, const struct reason *reason,
                        void (*show)(FILE *out, const struct reason *reason,
                                     struct arena *arena),
                        const char *expected)
{
    struct arena arena = { 0 };
    char *shown;
    size_t len;
    FILE *out = open_memstream(&shown, &len);

    show(out, reason, &arena);
    fclose(out);
    row_equal_str(why, ((struct str){ shown, len }), str_of(expected));
    free(shown);
    arena_fini(&arena);
}

static const struct {
    const char *why, *text;
    const char *clauses, *readings;
} rows[] = {
    { "true needs no clause", "request.path == '/x'", "", "request.path=/x" },
    { "one comparison", "request.path == '/y'",
      "request.path == '/y' {request.path=/x}", "request.path=/x" },
    { "the first that is false",
      "request.size > 1 && request.path == '/y' && "
      "source.name == 'a'",
      "request.path == '/y' {request.path=/x}",
      "request.size=42 request.path=/x" },
    { "all of several",
      "request.size < 1 || request.path == '/y' || connection.mtls",
      "request.size < 1 {request.size=42}; "
      "request.path == '/y' {request.path=/x}; connection.mtls {}",
      "request.size=42 request.path=/x connection.mtls=false" },
    { "inside of parentheses",
      "request.size == 42 && ((request.path == '/y') || (request.size > 99))",
      "request.path == '/y' {request.path=/x}; "
      "request.size > 99 {request.size=42}",
      "request.size=42 request.path=/x" },
    { "parentheses that belong to a part",
      "(request.path | '') == ('/y') && true",
      "(request.path | '') == ('/y') {request.path | ''=/x}",
      "request.path=/x" },
    { "parentheses in parentheses, and in a string",
      "true && (( request.path + ')(' ) == ('a' + ( request.path )))",
      "( request.path + ')(' ) == ('a' + ( request.path )) "
      "{request.path + ')('=/x)( 'a' + ( request.path )=a/x}",
      "request.path=/x" },
    { "a key of a map", "request.headers['a'] | '' == '2'",
      "request.headers['a'] | '' == '2' {request.headers['a'] | ''=1}",
      "request.headers[a]=1" },
    { "an absent key", "request.headers['b'] | 'none' == '2'",
      "request.headers['b'] | 'none' == '2' {request.headers['b'] | "
      "'none'=none}",
      "request.headers[b]=absent" },
    { "a function", "request.path.startsWith('/reviews')",
      "request.path.startsWith('/reviews') {request.path=/x}",
      "request.path=/x" },
    { "a string that is a duration where it stands",
      "true && response.duration > '1s'",
      "response.duration > '1s' {response.duration=5ns}",
      "response.duration=5ns" },
    { "a part without value is not shown",
      "conditional(connection.mtls, source.name == 'a', request.size < 0)",
      "conditional(connection.mtls, source.name == 'a', request.size < 0) "
      "{connection.mtls=false request.size < 0=false}",
      "connection.mtls=false request.size=42" },
    { "no BOOL has clauses", "request.size", "", "request.size=42" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct fixture f;
        const struct code *code = setup(&f, rows[i].text);
        struct reason reason;

        reason_find(&reason, code, &f.bag, f.vocabulary, &f.arena);
        row_equal_i64(rows[i].why, reason.status, EVAL_OK);
        check_shown(rows[i].why, &reason, show_clauses, rows[i].clauses);
        check_shown(rows[i].why, &reason, show_readings, rows[i].readings);
        for (uint32_t c = 0; c < reason.clause_count; c++)
            row_true(rows[i].why,
                     str_starts_with(str_skip(str_of(rows[i].text),
                                              reason.clauses[c].offset),
                                     reason.clauses[c].text));
        teardown(&f);
    }
}

static void test_absent(void **state)
{
    struct fixture f;
    const struct code *code =
        setup(&f, "request.size > 1 && (source.name == 'a')");
    struct refs refs;
    struct reason reason;

    (void)state;
    refs_init(&refs, &f.arena);
    f.bag.refs = &refs;
    reason_find(&reason, code, &f.bag, f.vocabulary, &f.arena);
    assert_int_equal(reason.status, EVAL_ABSENT);
    assert_int_equal(reason.error.offset, 21);
    row_equal_str("which",
                  vocabulary_name(f.vocabulary, reason.error.attribute),
                  STR("source.name"));
    assert_int_equal(reason.clause_count, 0);
    assert_int_equal(reason.reading_count, 2);
    row_equal_i64("the bag's own record stays", refs.count, 0);
    teardown(&f);
}

/* A chain of any length has so many clauses at most. */
static void test_many(void **state)
{
    char text[CLAUSES_MAX * 64] = "request.path == 'b'", *end = text;
    const struct code *code;
    struct reason reason;
    struct fixture f;

    (void)state;
    for (int i = 0; i < CLAUSES_MAX; i++)
        end = stpcpy(end + strlen(end), " || request.path == 'c'");
    code = setup(&f, text);
    reason_find(&reason, code, &f.bag, f.vocabulary, &f.arena);
    assert_int_equal(reason.clause_count, CLAUSES_MAX);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
