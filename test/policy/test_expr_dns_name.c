/*
 * Domain names: which there are, and which are the same.
 */
#include "test/support/table.h"

#include "policy/expr/dns_name.h"

#define LABEL_63                                                               \
    "a23456789012345678901234567890123456789012345678901234567890123"
#define LABEL_61 "a234567890123456789012345678901234567890123456789012345678901"
#define NAME_253 LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61

static void test_names(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        const char *name; /* NULL: it is none */
    } rows[] = {
        { "letters, digits, hyphens", STR_INIT("a-1.B2.c--3"), "a-1.B2.c--3" },
        { "a dot at the end", STR_INIT("a.b."), "a.b." },
        { "digits only", STR_INIT("10.0.0.1"), "10.0.0.1" },
        { "letters beyond ASCII", STR_INIT("b\u00fccher.Example"),
          "b\u00fccher.Example" },
        { "a capital beside them", STR_INIT("B\u00fccher.example"), NULL },
        { "encoded", STR_INIT("www.xn--bcher-kva.example."),
          "www.b\u00fccher.example." },
        { "encoded beside capitals", STR_INIT("xn--bcher-kva.Example"),
          "b\u00fccher.Example" },
        { "right to left", STR_INIT("\u05d0\u05d1.example"),
          "\u05d0\u05d1.example" },
        { "the longest label", STR_INIT(LABEL_63), LABEL_63 },
        { "the longest name", STR_INIT(NAME_253), NAME_253 },
        { "and a dot", STR_INIT(NAME_253 "."), NAME_253 "." },

        { "nothing", { 0 }, NULL },
        { "a dot", STR_INIT("."), NULL },
        { "two dots", STR_INIT(".."), NULL },
        { "two dots at the end", STR_INIT("a.."), NULL },
        { "a dot in front", STR_INIT(".a"), NULL },
        { "an empty label", STR_INIT("a..b"), NULL },
        { "a hyphen in front", STR_INIT("a.-b"), NULL },
        { "a hyphen behind", STR_INIT("a-.b"), NULL },
        { "hyphens kept for encodings", STR_INIT("ab--c"), NULL },
        { "an underscore", STR_INIT("a_b"), NULL },
        { "a space", STR_INIT("a b"), NULL },
        { "a NUL", STR_INIT("a\0b"), NULL },
        { "a NUL behind letters beyond ASCII", STR_INIT("\u00fc\0b"), NULL },
        { "too long a label", STR_INIT(LABEL_63 "4"), NULL },
        { "too long a name", STR_INIT(NAME_253 "2"), NULL },
        { "an underscore beside letters beyond ASCII",
          STR_INIT("a_b.b\u00fccher"), NULL },
        { "a capital beyond ASCII", STR_INIT("B\u00dcCHER"), NULL },
        { "a sign", STR_INIT("\u263a.example"), NULL },
        { "not composed", STR_INIT("a\u0308rger"), NULL },
        { "both directions in a label", STR_INIT("\u05d0a"), NULL },
        { "encodes nothing", STR_INIT("xn--.a"), NULL },
        { "encodes a sign", STR_INIT("xn--i-7iq.a"), NULL },
        { "no UTF-8", STR_INIT("a\xff"), NULL },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };
        struct str name;

        row_equal_i64(rows[i].why, dns_name_is_valid(rows[i].text),
                      rows[i].name != NULL);
        row_equal_i64(rows[i].why, dns_name_parse(rows[i].text, &arena, &name),
                      rows[i].name != NULL);
        if (rows[i].name)
            row_equal_str(rows[i].why, name, str_of(rows[i].name));
        arena_fini(&arena);
    }
}

/* One label of letters of four bytes, as long as fits and longer. */
static void test_long_text(void **state)
{
    char text[4 * 300];
    size_t valid = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 4)
        memcpy(text + i, "\U00010428", 4);
    for (size_t len = 4; len <= sizeof(text); len += 4) {
        if (!dns_name_is_valid((struct str){ text, len }))
            break;
        valid++;
    }
    assert_in_range(valid, 50, 59);
    for (size_t len = 4 * (valid + 1); len <= sizeof(text); len++)
        assert_false(dns_name_is_valid((struct str){ text, len }));
}

static void test_memory_limit(void **state)
{
    struct arena small;
    struct str name;

    (void)state;
    arena_init(&small, 8);
    assert_false(dns_name_parse(STR("xn--bcher-kva"), &small, &name));
    assert_true(small.is_exhausted);
    arena_fini(&small);
}

static void test_equal(void **state)
{
    enum { SAME, OTHER, NONE };
    static const struct {
        const char *why;
        struct str a, b;
        int want; /* NONE: one of them is no name */
    } rows[] = {
        { "without case", STR_INIT("Foo.COM"), STR_INIT("foo.com"), SAME },
        { "a dot at the end", STR_INIT("foo.com."), STR_INIT("foo.com"), SAME },
        { "another", STR_INIT("foo.com"), STR_INIT("foo.org"), OTHER },
        { "longer", STR_INIT("foo.com"), STR_INIT("a.foo.com"), OTHER },
        { "encoded", STR_INIT("XN--bcher-KVA.de"), STR_INIT("b\u00fccher.DE"),
          SAME },
        { "capitals beyond ASCII", STR_INIT("B\u00dcCHER.de"),
          STR_INIT("b\u00fccher.de."), SAME },
        { "a sharp s is no ss", STR_INIT("fa\u00df.de"), STR_INIT("fass.de"),
          OTHER },
        { "another dot", STR_INIT("b\u00fccher\u3002de"),
          STR_INIT("b\u00fccher.de"), SAME },
        { "not composed", STR_INIT("a\u0308rger"), STR_INIT("\u00e4rger"),
          SAME },
        { "nothing", { 0 }, { 0 }, NONE },
        { "one is none", STR_INIT("a-"), STR_INIT("a"), NONE },
        { "the other is none", STR_INIT("a"), STR_INIT("a_"), NONE },
        { "beside letters beyond ASCII", STR_INIT("b\u00fccher"),
          STR_INIT("a_"), NONE },
        { "a sign", STR_INIT("\u263a"), STR_INIT("\u263a"), NONE },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_equal = false;
        bool are_names = dns_name_equal(rows[i].a, rows[i].b, &is_equal);

        row_equal_i64(rows[i].why, are_names, rows[i].want != NONE);
        if (are_names)
            row_equal_i64(rows[i].why, is_equal, rows[i].want == SAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
