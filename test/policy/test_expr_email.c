/*
 * E-mail addresses: which there are, and which are the same.
 */
#include "test/support/table.h"

#include "policy/expr/email.h"

static void test_addresses(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        bool is_valid;
    } rows[] = {
        { "plain", STR_INIT("ann.b+c@example.com"), true },
        { "every sign", STR_INIT("!#$%&'*+-/=?^_`{|}~@a"), true },
        { "beyond ASCII", STR_INIT("j\u00f6rg@b\u00fccher.de"), true },
        { "quoted", STR_INIT("\"a..b @ c\"@a"), true },
        { "quotes in quotes", STR_INIT("\"a\\\"b\\\\\"@a"), true },

        { "nothing", { 0 }, false },
        { "no at", STR_INIT("ann"), false },
        { "no local part", STR_INIT("@a"), false },
        { "no domain", STR_INIT("ann@"), false },
        { "a dot in front", STR_INIT(".a@a"), false },
        { "a dot behind", STR_INIT("a.@a"), false },
        { "two dots", STR_INIT("a..b@a"), false },
        { "a space", STR_INIT("a b@a"), false },
        { "two ats", STR_INIT("a@b@c"), false },
        { "NUL", STR_INIT("a\0b@c"), false },
        { "empty quotes", STR_INIT("\"\"@a"), false },
        { "an open quote", STR_INIT("\"@a"), false },
        { "a quote that is kept open", STR_INIT("\"a\\\"@a"), false },
        { "behind quotes", STR_INIT("\"a\"b@a"), false },
        { "a newline in quotes", STR_INIT("\"a\nb\"@a"), false },
        { "a bad domain", STR_INIT("ann@a_b"), false },
        { "a display name", STR_INIT("Ann <ann@a>"), false },
        { "angles", STR_INIT("<ann@a>"), false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, email_is_valid(rows[i].text),
                      rows[i].is_valid);
}

static void test_equal(void **state)
{
    enum { SAME, OTHER, NONE };
    static const struct {
        const char *why, *a, *b;
        int want; /* NONE: one of them is no address */
    } rows[] = {
        { "the domain without case", "ann@A.com", "ann@a.COM.", SAME },
        { "the local part with it", "ann@a", "Ann@a", OTHER },
        { "needless quotes", "\"ann\"@a", "ann@a", SAME },
        { "needless backslashes", "\"a\\n\\n\"@a", "ann@a", SAME },
        { "other quotes", "\"a\\\"\"@a", "\"a\\\\\"@a", OTHER },
        { "longer", "anna@a", "ann@a", OTHER },
        { "another domain", "ann@a", "ann@b", OTHER },
        { "encoded", "ann@xn--bcher-kva", "ann@b\u00fccher", SAME },
        { "one is none", "ann", "ann@a", NONE },
        { "the other is none", "ann@a", "a..nn@a", NONE },
        { "no domain", "ann@a", "bob@-", NONE },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_equal = false;
        bool are_valid =
            email_equal(str_of(rows[i].a), str_of(rows[i].b), &is_equal);

        row_equal_i64(rows[i].why, are_valid, rows[i].want != NONE);
        if (are_valid)
            row_equal_i64(rows[i].why, is_equal, rows[i].want == SAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
