/*
 * URIs: which there are, and which are the same.
 */
#include "test/support/table.h"

#include "policy/expr/uri.h"

static void test_uris(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        bool is_valid;
    } rows[] = {
        { "the whole", STR_INIT("http://ann:x@a.com:80/b;c?d=e#f"), true },
        { "no authority", STR_INIT("urn:isbn:1"), true },
        { "a path", STR_INIT("/a/b"), true },
        { "a relative path", STR_INIT("a/b:c"), true },
        { "only an authority", STR_INIT("//a"), true },
        { "only a query", STR_INIT("?a"), true },
        { "only a fragment", STR_INIT("#a"), true },
        { "an empty host", STR_INIT("file:///a"), true },
        { "an empty port", STR_INIT("http://a:/"), true },
        { "IPv6", STR_INIT("http://[::1]:80/"), true },
        { "IPv6 with a zone", STR_INIT("http://[fe80::1%25en0]"), true },
        { "what browsers do not escape", STR_INIT("/a|b[c]^?{d}=\"e\""), true },
        { "beyond ASCII", STR_INIT("/stra\u00dfe"), true },
        { "escapes", STR_INIT("/%41%7e"), true },
        { "a bare percent in a query", STR_INIT("/?100%"), true },

        { "nothing", { 0 }, false },
        { "an empty scheme", STR_INIT(":a"), false },
        { "a digit first", STR_INIT("1a:b"), false },
        { "no scheme", STR_INIT("a_b:c"), false },
        { "a newline", STR_INIT("/a\nb"), false },
        { "NUL", STR_INIT("/a\0b"), false },
        { "a bare percent", STR_INIT("/100%"), false },
        { "half an escape", STR_INIT("/%4"), false },
        { "no escape", STR_INIT("/%4g"), false },
        { "an escape that the query cuts", STR_INIT("/%4?1"), false },
        { "no port", STR_INIT("http://a:b/"), false },
        { "two ports", STR_INIT("http://a:1:2/"), false },
        { "two users", STR_INIT("http://a@b@c/"), false },
        { "a space in the host", STR_INIT("http://a b/"), false },
        { "an open bracket", STR_INIT("http://[::1/"), false },
        { "a bracket in a name", STR_INIT("http://a]/"), false },
        { "behind a bracket", STR_INIT("http://[::1]a/"), false },
        { "a bracket in the user", STR_INIT("http://[@a/"), false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, uri_is_valid(rows[i].text),
                      rows[i].is_valid);
}

static void test_equal(void **state)
{
    enum { SAME, OTHER, NONE };
    static const struct {
        const char *why, *a, *b;
        int want; /* NONE: one is no URI, or its host no domain name */
    } rows[] = {
        { "scheme and host without case", "HTTP://A.com/b", "http://a.COM/b",
          SAME },
        { "a dot behind the host", "https://a./", "https://a/", SAME },
        { "an encoded host", "http://xn--bcher-kva/", "http://b\u00fccher/",
          SAME },
        { "an empty port", "http://a:", "http://a", SAME },
        { "another port", "http://a:80/", "http://a/", OTHER },
        { "another scheme", "http://a/", "https://a/", OTHER },
        { "another host", "http://a/", "http://b/", OTHER },
        { "another user", "http://u@a/", "http://U@a/", OTHER },
        { "no user", "http://@a/", "http://a/", OTHER },
        { "the path with case", "http://a/b", "http://a/B", OTHER },
        { "another query", "http://a?b", "http://a?c", OTHER },
        { "another fragment", "http://a#b", "http://a#c", OTHER },
        { "no path", "http://a", "http://a/", OTHER },
        { "no authority", "http:/a", "http:///a", OTHER },
        { "IPv6", "http://[::A]/", "http://[::a]/", SAME },
        { "a name is no IPv6 address", "http://[::a]/", "http://a/", OTHER },
        { "of others the host with case", "ftp://A/", "ftp://a/", OTHER },
        { "of others the scheme without", "FTP://a/", "ftp://a/", SAME },
        { "no scheme", "/a", "/a", SAME },
        { "a scheme and none", "a:/b", "/b", OTHER },
        { "one is none", ":", "a", NONE },
        { "the other is none", "a", "", NONE },
        { "a host that is no domain name", "http://a_b/", "http://a_b/", NONE },
        { "of others it may be anything", "x://a_b/", "x://a_b/", SAME },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_equal = false;
        bool are_valid =
            uri_equal(str_of(rows[i].a), str_of(rows[i].b), &is_equal);

        row_equal_i64(rows[i].why, are_valid, rows[i].want != NONE);
        if (are_valid)
            row_equal_i64(rows[i].why, is_equal, rows[i].want == SAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
