/*
 * What expressions give: values, absence, errors, and which reads are
 * recorded. References are shown as "name", "name[key]", "-" before what was
 * absent.
 */
#include "test/support/table.h"

#include "policy/expr/code.h"

#include <stdio.h>
#include <stdlib.h>

/* One evaluation. */
struct run {
    struct vocabulary *vocabulary;
    struct arena arena;
    struct refs refs;
    struct bag bag;
    const struct code *code;
    struct value value;
    struct eval_error error;
    enum eval_status status;
};

static const struct string_pair header_pairs[] = {
    { STR_INIT("x-user"), STR_INIT("ann") },
    { STR_INIT("empty"), STR_INIT("") },
    { STR_INIT(""), STR_INIT("no name") },
};
static const struct string_map headers = { header_pairs, ROWS(header_pairs) };

/* What is present in the bag of these tests; all else is absent. */
static const struct {
    struct str name;
    struct value value;
} present[] = {
    { STR_INIT("request.path"),
      { .type = VALUE_STRING, .string = STR_INIT("/a/b") } },
    { STR_INIT("request.method"),
      { .type = VALUE_STRING, .string = STR_INIT("GET") } },
    { STR_INIT("request.size"), { .type = VALUE_INT64, .int64 = 100 } },
    { STR_INIT("request.total_size"),
      { .type = VALUE_INT64, .int64 = INT64_MAX } },
    { STR_INIT("request.headers"),
      { .type = VALUE_STRING_MAP, .map = &headers } },
    { STR_INIT("connection.mtls"), { .type = VALUE_BOOL, .boolean = true } },
    { STR_INIT("request.time"),
      { .type = VALUE_TIMESTAMP, .instant = { 1000, 1 } } },
    { STR_INIT("response.time"),
      { .type = VALUE_TIMESTAMP, .instant = { 1000, 2 } } },
    { STR_INIT("response.duration"),
      { .type = VALUE_DURATION, .duration_ns = 5000000000 } },
    { STR_INIT("source.ip"), { .type = VALUE_IP_ADDRESS, .ip = { { 1 } } } },
    { STR_INIT("destination.ip"),
      { .type = VALUE_IP_ADDRESS, .ip = { { 2 } } } },
    { STR_INIT("nan"), { .type = VALUE_DOUBLE, .number = __builtin_nan("") } },
    { STR_INIT("score"), { .type = VALUE_DOUBLE, .number = 0.5 } },
    { STR_INIT("zero"), { .type = VALUE_DOUBLE, .number = 0 } },
    { STR_INIT("minus_zero"), { .type = VALUE_DOUBLE, .number = -0.0 } },
    { STR_INIT("dns"),
      { .type = VALUE_DNS_NAME, .string = STR_INIT("Foo.Com.") } },
    { STR_INIT("dns2"),
      { .type = VALUE_DNS_NAME, .string = STR_INIT("foo.com") } },
    { STR_INIT("dns3"),
      { .type = VALUE_DNS_NAME, .string = STR_INIT("foo.org") } },
    { STR_INIT("mail"),
      { .type = VALUE_EMAIL_ADDRESS, .string = STR_INIT("\"a.b\"@X.org") } },
    { STR_INIT("mail2"),
      { .type = VALUE_EMAIL_ADDRESS, .string = STR_INIT("a.b@x.org.") } },
    { STR_INIT("mail3"),
      { .type = VALUE_EMAIL_ADDRESS, .string = STR_INIT("A.b@x.org") } },
    { STR_INIT("mail4"), { .type = VALUE_EMAIL_ADDRESS } },
    { STR_INIT("uri"),
      { .type = VALUE_URI, .string = STR_INIT("HTTP://u@Foo.com:80/P?q") } },
    { STR_INIT("uri2"),
      { .type = VALUE_URI, .string = STR_INIT("http://u@foo.COM.:80/P?q") } },
    { STR_INIT("uri3"),
      { .type = VALUE_URI, .string = STR_INIT("http://u@foo.com:80/p?q") } },
    { STR_INIT("uri4"),
      { .type = VALUE_URI, .string = STR_INIT("http://U@foo.com:80/P?q") } },
    { STR_INIT("uri5"),
      { .type = VALUE_URI, .string = STR_INIT("https://[::A]:1") } },
    { STR_INIT("uri6"),
      { .type = VALUE_URI, .string = STR_INIT("https://[::a]:1") } },
    { STR_INIT("uri7"), { .type = VALUE_URI, .string = STR_INIT("URN:x") } },
    { STR_INIT("uri8"), { .type = VALUE_URI, .string = STR_INIT("urn:X") } },
    { STR_INIT("uri9"), { .type = VALUE_URI } },
};

static void run_text(struct run *run, struct str text)
{
    struct expr_error error;

    *run = (struct run){ .vocabulary = vocabulary_new() };
    arena_init(&run->arena, 0);
    for (size_t i = 0; i < ROWS(present); i++)
        assert_true(vocabulary_declare(run->vocabulary, present[i].name,
                                       present[i].value.type));
    run->code =
        code_compile(text, VALUE_NONE, run->vocabulary, &run->arena, &error);
    if (!run->code)
        row_fail("compile", "%.*s: %s", STR_ARG(text), error.message);

    assert_true(bag_init(&run->bag, run->vocabulary, &run->arena));
    refs_init(&run->refs, &run->arena);
    run->bag.refs = &run->refs;
    for (size_t i = 0; i < ROWS(present); i++) {
        uint32_t id = vocabulary_id(run->vocabulary, present[i].name);

        if (id != ATTR_NONE)
            bag_set(&run->bag, id, present[i].value);
    }
    run->status = code_eval(run->code, &run->bag, &run->value, &run->error);
}

static void run_fini(struct run *run)
{
    arena_fini(&run->arena);
    vocabulary_free(run->vocabulary);
}

static void test_bools(void **state)
{
    static const struct {
        const char *text;
        bool value;
    } rows[] = {
        { "true", true },
        { "request.path == '/a/b'", true },
        { "request.path != '/a/b'", false },
        { "request.size == 100 && request.size < 101", true },
        { "request.size >= 101 || request.size <= 99", false },
        { "'a' < 'b' && 'a' < 'aa' && '' < 'a' && 'b' > 'aa'", true },
        { "'\\xff' > 'a'", true },
        { "'' == '' && 'a' <= 'a' && 'a' >= 'a'", true },
        { "true == false == false", true },
        { "connection.mtls != false", true },
        { "request.time < response.time", true },
        { "request.time == response.time", false },
        { "request.time <= request.time", true },
        { "response.duration == '5000ms'", true },
        { "response.duration > '1m'", false },
        { "source.ip == source.ip && source.ip != destination.ip", true },
        { "score < 0.75 && score > 0.25 && score == 0.5", true },
        { "zero == minus_zero", true },
        { "nan == nan || nan < 1.0 || nan > 1.0 || nan <= nan", false },
        { "nan != nan", true },

        { "dns == dns2 && dns <= dns2 && dns >= dns2", true },
        { "dns != dns2 || dns < dns2 || dns2 < dns", false },
        { "dns2 == dns3 || dns2 > dns3", false },
        { "mail == mail2", true },
        { "dnsName('FOO.com') == dns && dnsName('foo.org') != dns", true },
        { "dnsName('b\u00fccher.de') == dnsName('xn--bcher-kva.de')", true },
        { "email('a.b@x.org') == mail", true },
        { "uri('HTTP://u@foo.com:80/P?q') == uri", true },
        { "mail2 == mail3", false },
        { "uri == uri2 && uri5 == uri6", true },
        { "uri2 == uri3 || uri2 == uri4", false },
        { "uri7 == uri8", false },

        { "match('abc', 'abc') && match('', '')", true },
        { "match('abc', 'ab') || match('abc', 'abcd')", false },
        { "match('abc', 'ab*') && match('abc', '*') && match('', '*')", true },
        { "match('abc', '*bc') && match('abc', '*abc')", true },
        { "match('abc', '*abcd') || match('abc', 'a*c')", false },
        { "match('a*c', 'a*c') && match('*a', '*a*')", true },
        { "'abc'.startsWith('') && 'abc'.startsWith('abc')", true },
        { "'abc'.startsWith('b') || ''.startsWith('a')", false },
        { "request.path.endsWith('/b') && 'a'.endsWith('')", true },
        { "(request.path + '/c').endsWith('b/c')", true },

        { "'^/a'.matches(request.path) && 'b'.matches('abc')", true },
        { "`^b`.matches('abc') || 'B'.matches('abc')", false },
        { "('^' + request.method + '|x').matches('GETS')", true },
        { "request.path.matches('/a')", false },
        { "conditional(true, '^a', 'b').matches('a')", true },
        { "'^a'.matches(conditional('^b'.matches('b'), 'a', 'b'))", true },
        { "'a'.matches('b') || 'b'.matches('b') && 'c'.matches('c')", true },

        { "size('') == 0 && size(request.path) == 4 && size('\u20ac') == 3",
          true },
        { "ip('::ffff:10.1.2.3') == ip('10.1.2.3')", true },
        { "ip('::1') == ip('0:0:0:0:0:0:0:1')", true },
        { "source.ip | ip('1.2.3.4') != ip('1.2.3.4')", true },

        { "conditional(true, 1, 2) == 1 && conditional(false, 1, 2) == 2",
          true },
        { "conditional(connection.mtls, true, request.id == '')", true },
        { "conditional(connection.mtls, request.id, 'x') | 'y' == 'y'", true },
        { "conditional(true, request.headers['none'], '') | 'y' == 'y'", true },
        { "conditional(true, request.headers['none'], 'x') == ''", true },
        { "conditional(true, request.headers, source.labels)['x-user'] == "
          "'ann'",
          true },
        { "conditional(connection.mtls, response.duration, '1s') == '5s'",
          true },
        { "response.duration < conditional(connection.mtls, '6s', '1s')",
          true },
        { "conditional(false, '1s', conditional(true, '5s', '2s')) == "
          "response.duration",
          true },
        { "conditionalString(false, 'a', 'b') == 'b'", true },

        { "emptyStringMap()['a'] == '' && emptyStringMap()['a'] | 'b' == 'b'",
          true },
        { "(source.labels | emptyStringMap())['app'] == ''", true },
        { "(source.labels | emptyStringMap())['app'] | 'b' == 'b'", true },

        { "timestamp('1970-01-01T00:16:40.000000001Z') == request.time", true },
        { "timestamp('2020-01-01T01:00:00+01:00') == "
          "timestamp('2020-01-01T00:00:00Z')",
          true },
        { "timestamp('2020-01-01T00:00:00Z') <= "
          "timestamp('2019-12-31T23:00:00-01:00')",
          true },

        { "request.headers['x-user'] == 'ann'", true },
        { "request.headers['none'] == ''", true },
        { "request.headers['empty'] | 'x' == ''", true },
        { "request.headers['none'] | 'x' == 'x'", true },
        { "request.headers[''] == 'no name'", true },
        { "(source.labels | request.headers)['x-user'] == 'ann'", true },
        { "(request.headers | source.labels)['none'] == ''", true },
        { "request.headers['x-' + 'user'] == 'ann'", true },
        { "request.headers[request.headers['none'] | 'x-user'] == 'ann'",
          true },

        { "(request.size == 100) | false", true },
        { "(request.size == 1) | true", false },
        { "(response.size == 1) | true", true },
        { "(connection.mtls && check.cache_hit) | false", false },
        { "request.size | 5 + 1 == 101", true },
        { "response.size | 5 + 1 == 6", true },
        { "response.size + 1 | 5 == 5", true },
        { "response.size + 1 | response.code + 1 | 7 == 7", true },
        { "request.size + 1 | 5 + 1 | 7 == 102", true },
        { "request.headers['none'] + 'x' | 'y' == 'x'", true },
        { "source.labels['a'] + 'x' | 'y' == 'y'", true },
        { "(request.id + 'x' | request.headers['none']) | 'z' == 'z'", true },
        { "(request.id + 'x' | request.headers['none']) + 'z' == 'z'", true },
        { "request.id | 'a' + request.method | 'b' + 'c' == 'aGETc'", true },
        { "request.id | 'a' + request.reason | 'b' + 'c' == 'bc'", true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run;

        run_text(&run, str_of(rows[i].text));
        row_equal_i64(rows[i].text, run.status, EVAL_OK);
        row_equal_i64(rows[i].text, run.value.type, VALUE_BOOL);
        row_equal_i64(rows[i].text, run.value.boolean, rows[i].value);
        run_fini(&run);
    }
}

static void test_strings(void **state)
{
    static const struct {
        const char *text, *value;
    } rows[] = {
        { "'a'", "a" },
        { "'a' + 'b' + 'c'", "abc" },
        { "'' + ''", "" },
        { "request.method + ' ' + request.path", "GET /a/b" },
        { "request.headers['x-user'] | 'nobody'", "ann" },
        { "request.headers['x'] | request.id | 'nobody'", "nobody" },
        { "request.headers['x'] | source.labels['x']| request.id | 'n'", "n" },
        { "request.id | ('<' + request.method + '>')", "<GET>" },
        { "'<' + (request.id | request.method) + '>'", "<GET>" },
        { "request.headers['x'] + '|'", "|" },
        { "toLower(request.method + ' Ä')", "get ä" },
        { "request.headers[toLower('X-USER')]", "ann" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run;

        run_text(&run, str_of(rows[i].text));
        row_equal_i64(rows[i].text, run.status, EVAL_OK);
        row_equal_i64(rows[i].text, run.value.type, VALUE_STRING);
        row_equal_str(rows[i].text, run.value.string, str_of(rows[i].value));
        run_fini(&run);
    }
}

static void test_failures(void **state)
{
    static const struct {
        const char *text;
        enum eval_status status;
        const char *attribute; /* NULL: none */
        size_t offset;
        const char *message;
    } rows[] = {
        { "request.id == 'x'", EVAL_ABSENT, "request.id", 0,
          "attribute is absent" },
        { "'x' == request.id", EVAL_ABSENT, "request.id", 7,
          "attribute is absent" },
        { "request.id | request.reason", EVAL_ABSENT, "request.reason", 13,
          "attribute is absent" },
        { "true && (request.id == '' || true)", EVAL_ABSENT, "request.id", 9,
          "attribute is absent" },
        { "source.labels['a']", EVAL_ABSENT, "source.labels", 0,
          "attribute is absent" },
        { "request.headers[request.id]", EVAL_ABSENT, "request.id", 16,
          "attribute is absent" },
        { "source.labels", EVAL_ABSENT, "source.labels", 0,
          "attribute is absent" },
        { "source.labels[toLower(request.id)] | 'x'", EVAL_ABSENT, "request.id",
          22, "attribute is absent" },
        { "match(request.id, 'x') | true", EVAL_ABSENT, "request.id", 6,
          "attribute is absent" },
        { "match(request.path, request.id | request.reason)", EVAL_ABSENT,
          "request.reason", 33, "attribute is absent" },
        { "request.id.startsWith('x') | true", EVAL_ABSENT, "request.id", 0,
          "attribute is absent" },
        { "conditional(request.id == '', true, true) | true", EVAL_ABSENT,
          "request.id", 12, "attribute is absent" },
        { "conditional(false, 'a', request.id)", EVAL_ABSENT, "request.id", 24,
          "attribute is absent" },
        { "conditionalString(true, 'a', request.id)", EVAL_ABSENT, "request.id",
          29, "attribute is absent" },
        { "'a'.matches(request.id) | true", EVAL_ABSENT, "request.id", 12,
          "attribute is absent" },
        { "'(a+)+$'.matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaab') | true",
          EVAL_ERROR, NULL, 0, "the regular expression takes too many steps" },
        { "true && (request.path + '(').matches('x')", EVAL_ERROR, NULL, 9,
          "no regular expression" },
        { "mail == mail4", EVAL_ERROR, NULL, 8,
          "an operand is no valid value of its type" },
        { "uri9 < uri || true", EVAL_ERROR, NULL, 7,
          "an operand is no valid value of its type" },
        { "dnsName('a_b') == dns", EVAL_ERROR, NULL, 0, "no DNS name" },
        { "email('ann')", EVAL_ERROR, NULL, 0, "no e-mail address" },
        { "uri('') | uri", EVAL_ERROR, NULL, 0, "no URI" },
        { "ip('10.1.2')", EVAL_ERROR, NULL, 0, "no IP address" },
        { "ip('10.01.2.3')", EVAL_ERROR, NULL, 0, "no IP address" },
        { "true && ip('fe80::1%eth0') == source.ip", EVAL_ERROR, NULL, 8,
          "no IP address" },
        { "source.ip == ip('') || true", EVAL_ERROR, NULL, 13,
          "no IP address" },
        { "request.total_size + 1", EVAL_ERROR, NULL, 21,
          "the sum does not fit INT64" },
        { "(request.total_size + 1) | 5", EVAL_ERROR, NULL, 22,
          "the sum does not fit INT64" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run;

        run_text(&run, str_of(rows[i].text));
        row_equal_i64(rows[i].text, run.status, rows[i].status);
        row_equal_i64(rows[i].text, run.error.status, rows[i].status);
        row_equal_i64(rows[i].text, run.error.offset, rows[i].offset);
        row_equal_str(rows[i].text, str_of(run.error.message),
                      str_of(rows[i].message));
        row_equal_i64(rows[i].text, run.error.attribute != ATTR_NONE,
                      rows[i].attribute != NULL);
        if (rows[i].attribute)
            row_equal_str(rows[i].text,
                          vocabulary_name(run.vocabulary, run.error.attribute),
                          str_of(rows[i].attribute));
        row_equal_i64(rows[i].text,
                      code_eval(run.code, &run.bag, &run.value, NULL),
                      rows[i].status);
        run_fini(&run);
    }
}

static void show_references(const struct run *run, char *shown, size_t size)
{
    size_t len = 0;

    shown[0] = '\0';
    for (uint32_t i = 0; i < run->refs.count; i++) {
        const struct ref *ref = &run->refs.items[i];
        struct str name = vocabulary_name(run->vocabulary, ref->attribute);

        len += (size_t)snprintf(shown + len, size - len, "%s%s%.*s",
                                len > 0 ? " " : "", ref->present ? "" : "-",
                                STR_ARG(name));
        if (ref->key.data)
            len += (size_t)snprintf(shown + len, size - len, "[%.*s]",
                                    STR_ARG(ref->key));
    }
}

static void test_references(void **state)
{
    static const struct {
        const char *why, *text, *references;
    } rows[] = {
        { "nothing is read", "1 == 1", "" },
        { "present", "request.path", "request.path" },
        { "absent", "request.id", "-request.id" },
        { "once each", "request.path == request.path", "request.path" },
        { "and stops", "request.size == 1 && request.path == ''",
          "request.size" },
        { "and goes on", "request.size == 100 && request.path == ''",
          "request.size request.path" },
        { "or stops", "request.size == 100 || request.path == ''",
          "request.size" },
        { "an error stops", "request.id == '' || request.path == ''",
          "-request.id" },
        { "the first operand that is there", "request.path | request.method",
          "request.path" },
        { "all until one is there",
          "request.id | request.reason | request.path | request.method",
          "-request.id -request.reason request.path" },
        { "a key", "request.headers['x-user']", "request.headers[x-user]" },
        { "a key that is not there", "request.headers['x']",
          "-request.headers[x]" },
        { "two keys", "request.headers['x'] | request.headers['empty']",
          "-request.headers[x] request.headers[empty]" },
        { "a map that is not there", "source.labels['x'] | 'y'",
          "-source.labels" },
        { "then its key is not read", "source.labels[request.path] | 'y'",
          "-source.labels" },
        { "but one with a call is, as it may fail",
          "source.labels[toLower(request.path)] | 'y'",
          "request.path -source.labels" },
        { "and if it does, the map is not looked at",
          "request.headers[toLower(request.id)] | 'y'", "-request.id" },
        { "a map with a call is looked at after its key",
          "(request.headers | conditional(request.id == '', source.labels, "
          "source.labels))[request.reason] | 'y'",
          "-request.reason" },
        { "a key expression that is absent",
          "request.headers[request.id] | 'y'", "-request.id" },
        { "one of two maps", "(source.labels | request.headers)['x-user']",
          "-source.labels request.headers[x-user]" },
        { "a whole map", "source.labels | request.headers",
          "-source.labels request.headers" },
        { "only what is chosen",
          "conditional(connection.mtls, request.path, request.method)",
          "connection.mtls request.path" },
        { "no key of the empty map", "(source.labels | emptyStringMap())['a']",
          "-source.labels" },
        { "what is computed before the default",
          "request.path + request.id | 'x'", "request.path -request.id" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run;
        char shown[256];

        run_text(&run, str_of(rows[i].text));
        show_references(&run, shown, sizeof(shown));
        row_equal_str(rows[i].why, str_of(shown), str_of(rows[i].references));
        run_fini(&run);
    }
}

/* Sizes ------------------------------------------------------------------ */

/* `count` times `part`, then `last`. */
static char *repeat(const char *part, unsigned count, const char *last)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    while (count-- > 0)
        fputs(part, out);
    fputs(last, out);
    fclose(out);
    return text;
}

static void test_long_chains(void **state)
{
    static const struct {
        const char *why, *part;
        unsigned count;
        const char *last;
        bool value;
    } rows[] = {
        { "or", "request.size==1||", 3000, "true", true },
        { "and", "request.size==100&&", 3000, "false", false },
        { "comparisons", "true==", 9000, "true", true },
        { "not equal", "false!=", 5000, "true", true },
        { "defaults", "request.id|", 5000, "'x'=='x'", true },
        { "defaults between additions", "request.id|'a'+", 4000, "''=='a'",
          true },
        { "more strings than Mixer's 63", "request.path=='/a/b'&&", 100, "true",
          true },
        { "a sum", "1+", 20000, "1 == 20001", true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *text = repeat(rows[i].part, rows[i].count, rows[i].last);
        struct run run;

        run_text(&run, str_of(text));
        row_equal_i64(rows[i].why, run.status, EVAL_OK);
        row_equal_i64(rows[i].why, run.value.boolean, rows[i].value);
        run_fini(&run);
        free(text);
    }
}

static void test_long_string(void **state)
{
    char *text = repeat("request.path+", 5000, "'.'");
    struct run run;

    (void)state;
    run_text(&run, str_of(text));
    assert_int_equal(run.status, EVAL_OK);
    assert_int_equal(run.value.string.len, 20001);
    assert_memory_equal(run.value.string.data, "/a/b/a/b", 8);
    assert_int_equal(run.value.string.data[20000], '.');
    run_fini(&run);
    free(text);
}

/* Each level takes two registers more: that of the key, right of a sum. */
static void test_deep(void **state)
{
    char *open = repeat("'x'+request.headers[", EXPR_DEPTH_MAX - 1, "'a'");
    char *close = repeat("]", EXPR_DEPTH_MAX - 1, "");
    char *all;
    struct run run;

    (void)state;
    assert_true(asprintf(&all, "%s%s", open, close) > 0);
    run_text(&run, str_of(all));
    assert_int_equal(run.status, EVAL_OK);
    row_equal_str("deep", run.value.string, STR("x"));
    assert_int_equal(run.refs.count, 2);
    run_fini(&run);
    free(open);
    free(close);
    free(all);
}

static void test_memory_limit(void **state)
{
    char *text = repeat("request.path+", 5000, "'.'");
    struct run run;
    struct arena small;

    (void)state;
    run_text(&run, str_of(text));
    arena_init(&small, 4096);
    run.bag.arena = &small;
    run.bag.refs = NULL;
    assert_int_equal(code_eval(run.code, &run.bag, &run.value, &run.error),
                     EVAL_ERROR);
    assert_string_equal(run.error.message, "not enough memory for one request");
    arena_fini(&small);
    run_fini(&run);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bools),       cmocka_unit_test(test_strings),
        cmocka_unit_test(test_failures),    cmocka_unit_test(test_references),
        cmocka_unit_test(test_long_chains), cmocka_unit_test(test_long_string),
        cmocka_unit_test(test_deep),        cmocka_unit_test(test_memory_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
