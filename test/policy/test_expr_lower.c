/*
 * Lower case.
 */
#include "test/support/table.h"

#include "policy/expr/lower.h"

#include <unistr.h>

static void test_letters(void **state)
{
    static const struct {
        const char *why;
        struct str text, lower;
    } rows[] = {
        { "ASCII", STR_INIT("X-User 42"), STR_INIT("x-user 42") },
        { "nothing", { 0 }, { 0 } },
        { "German", STR_INIT("\u00c4RGER, STRASSE, Stra\u00dfe"),
          STR_INIT("\u00e4rger, strasse, stra\u00dfe") },
        { "a capital sharp s", STR_INIT("\u1e9e"), STR_INIT("\u00df") },
        { "Greek, letter by letter", STR_INIT("\u039f\u0394\u039f\u03a3"),
          STR_INIT("\u03bf\u03b4\u03bf\u03c3") },
        { "a dotted I", STR_INIT("\u0130"), STR_INIT("i") },
        { "one that grows", STR_INIT("\u023a\u023a"),
          STR_INIT("\u2c65\u2c65") },
        { "one that shrinks", STR_INIT("\u212a"), STR_INIT("k") },
        { "beyond the first plane", STR_INIT("\U00010400"),
          STR_INIT("\U00010428") },
        { "no letter", STR_INIT("\u20ac"), STR_INIT("\u20ac") },
        { "no UTF-8",
          STR_INIT("A\xff"
                   "B\xe2\x82"
                   "C\xc3"),
          STR_INIT("a\xff"
                   "b\xe2\x82"
                   "c\xc3") },
        { "too long a form",
          STR_INIT("\xc1\x81"
                   "A"),
          STR_INIT("\xc1\x81"
                   "a") },
        { "NUL", STR_INIT("A\0B"), STR_INIT("a\0b") },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct arena arena = { 0 };

        row_equal_str(rows[i].why, lower_text(rows[i].text, &arena),
                      rows[i].lower);
        arena_fini(&arena);
    }
}

/* The room that is made must do for each of them, so for any text of one. */
static void test_every_letter_has_room(void **state)
{
    struct arena arena = { 0 };
    unsigned changed = 0;

    (void)state;
    for (ucs4_t letter = 1; letter <= 0x10ffff; letter++) {
        uint8_t text[8];
        int len = u8_uctomb(text, letter, sizeof(text));
        struct str lower;

        if (len < 0)
            continue;
        memcpy(text + len, "a", 1);
        lower =
            lower_text((struct str){ (char *)text, (size_t)len + 1 }, &arena);
        assert_true(lower.len > 1);
        assert_int_equal(lower.data[lower.len - 1], 'a');
        changed += memcmp(lower.data, text, (size_t)len) != 0;
        arena_clear(&arena);
    }
    assert_true(changed > 1000);
    arena_fini(&arena);
}

static void test_memory_limit(void **state)
{
    struct arena small;

    (void)state;
    arena_init(&small, 16);
    assert_null(lower_text(STR("12345678901234567890"), &small).data);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_every_letter_has_room),
        cmocka_unit_test(test_memory_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
