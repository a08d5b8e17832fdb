#include "test/support/table.h"

#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/base/list.h"
#include "policy/base/nearest.h"
#include "policy/base/table.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

static void arena_gives_aligned_zeroed_and_distinct_memory(void **state)
{
    struct arena arena;
    char *last = NULL;

    (void)state;
    arena_init(&arena, 0);
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        char *piece = arena_calloc(&arena, 1, size);

        row_equal_i64("aligned", (uintptr_t)piece % alignof(max_align_t), 0);
        row_equal_i64("zeroed", piece[0] | piece[size - 1], 0);
        row_true("not the last one again", piece != last);
        memset(piece, 0xff, size);
        last = piece;
    }
    arena_fini(&arena);
}

static void arena_stops_at_its_limit_and_recovers(void **state)
{
    static const struct {
        const char *why;
        size_t sizes[4];
        bool fits[4];
    } rows[] = {
        { "exactly full", { 512, 512 }, { true, true } },
        { "one byte over", { 512, 512, 1 }, { true, true, false } },
        { "a small one fits after a large one did not",
          { 1025, 16 },
          { false, true } },
        { "an absurd size does not wrap",
          { SIZE_MAX, SIZE_MAX - 8, 16 },
          { false, false, true } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool has_failed = false;
        struct arena arena;

        arena_init(&arena, 1024);
        for (size_t n = 0; n < 4 && rows[i].sizes[n] != 0; n++) {
            bool fits = arena_alloc(&arena, rows[i].sizes[n]) != NULL;

            row_equal_i64(rows[i].why, fits, rows[i].fits[n]);
            has_failed |= !fits;
        }
        row_equal_i64(rows[i].why, arena.is_exhausted, has_failed);
        arena_clear(&arena);
        row_true(rows[i].why, !arena.is_exhausted);
        row_true(rows[i].why, arena_alloc(&arena, 1024) != NULL);
        row_true(rows[i].why, !arena_calloc(&arena, SIZE_MAX / 2, 4));
        row_true(rows[i].why, !arena_copy(&arena, STR("x")).data);
        row_true(rows[i].why, !arena_printf(&arena, "%d", 1).data);
        arena_fini(&arena);
    }
}

static void arena_texts_end_in_nul(void **state)
{
    struct arena arena;
    struct str s;

    (void)state;
    arena_init(&arena, 0);
    s = arena_copy(&arena, STR("ratings"));
    assert_string_equal(s.data, "ratings");
    s = arena_printf(&arena, "%s=%d", "max", 100);
    assert_string_equal(s.data, "max=100");
    assert_int_equal(s.len, 7);
    s = arena_copy(&arena, (struct str){ 0 });
    assert_string_equal(s.data, "");
    arena_fini(&arena);
}

/* A thing in an arena that notes when it was ended. */
struct thing {
    char name;
    char *notes;
};

static void note_end(void *object)
{
    struct thing *thing = object;

    strncat(thing->notes, &thing->name, 1);
}

static bool add_thing(struct arena *arena, char name, char *notes)
{
    struct thing *thing = arena_alloc(arena, sizeof(*thing));

    if (!thing)
        return false;
    *thing = (struct thing){ name, notes };
    return arena_on_fini(arena, note_end, thing);
}

static void arena_ends_what_lives_in_it(void **state)
{
    char notes[8] = "";
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024);
    assert_true(add_thing(&arena, 'a', notes));
    assert_true(add_thing(&arena, 'b', notes));
    assert_string_equal(notes, "");
    arena_clear(&arena);
    assert_string_equal(notes, "ba");
    arena_clear(&arena);
    assert_string_equal(notes, "ba");

    assert_true(add_thing(&arena, 'c', notes));
    assert_non_null(arena_alloc(&arena, 960));
    assert_false(arena_on_fini(&arena, note_end, notes));
    arena_fini(&arena);
    assert_string_equal(notes, "bac");
    arena_fini(&arena);
    assert_string_equal(notes, "bac");
}

static void diags_show_the_place(void **state)
{
    static const struct {
        const char *why;
        struct place place;
        const char *printed;
    } rows[] = {
        { "a span is underlined",
          { STR_INIT("a.conf"), 3, 5, 3, STR_INIT("abc def ghi") },
          "a.conf:3:5: error: wrong\n    abc def ghi\n        ^~~\n" },
        { "no width is one caret",
          { STR_INIT("a.conf"), 3, 1, 0, STR_INIT("x") },
          "a.conf:3:1: error: wrong\n    x\n    ^\n" },
        { "a tab before the caret stays a tab",
          { STR_INIT("a.conf"), 1, 2, 1, STR_INIT("\tx") },
          "a.conf:1:2: error: wrong\n    \tx\n    \t^\n" },
        { "the end of a line can be wrong",
          { STR_INIT("a.conf"), 1, 3, 1, STR_INIT("ab") },
          "a.conf:1:3: error: wrong\n    ab\n      ^\n" },
        { "a column past the line is brought back",
          { STR_INIT("a.conf"), 1, 99, 9, STR_INIT("ab") },
          "a.conf:1:99: error: wrong\n    ab\n      ^\n" },
        { "a width past the line is cut",
          { STR_INIT("a.conf"), 1, 2, 99, STR_INIT("abc") },
          "a.conf:1:2: error: wrong\n    abc\n     ^~\n" },
        { "only a file",
          { STR_INIT("a.conf"), 0, 0, 0, { 0 } },
          "a.conf: error: wrong\n" },
        { "no place at all", { { 0 }, 0, 0, 0, { 0 } }, "error: wrong\n" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct diags diags;
        char *printed = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&printed, &size);

        diags_init(&diags);
        diags_add(&diags, DIAG_ERROR, rows[i].place, "wrong");
        diags_print(&diags, out, false);
        fclose(out);
        row_equal_str(rows[i].why, str_of(printed), str_of(rows[i].printed));
        free(printed);
        diags_fini(&diags);
    }
}

static void diags_are_bounded(void **state)
{
    struct diags diags;
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);

    (void)state;
    diags_init(&diags);
    for (int i = 0; i < 1000; i++)
        diags_add(&diags, DIAG_WARNING, (struct place){ 0 }, "%d", i);
    diags_print(&diags, out, false);
    fclose(out);
    assert_int_equal(diags.warning_count, 1000);
    assert_non_null(strstr(printed, "warning: 99\n... and 900 more\n"));
    free(printed);
    diags_fini(&diags);
}

static void diags_say_how_bad_it_is(void **state)
{
    struct diags diags;
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);

    (void)state;
    diags_init(&diags);
    diags_add(&diags, DIAG_NOTE, (struct place){ 0 }, "nobody reads it");
    diags.least = DIAG_NOTE;
    diags_add(&diags, DIAG_NOTE, (struct place){ 0 }, "a");
    diags_add(&diags, DIAG_WARNING, (struct place){ 0 }, "b");
    diags_add(&diags, DIAG_ERROR, (struct place){ 0 }, "c");
    diags_print(&diags, out, false);
    fclose(out);
    row_equal_str("each", str_of(printed),
                  STR("note: a\nwarning: b\nerror: c\n"));
    assert_int_equal(diags.note_count, 1);
    assert_int_equal(diags.warning_count, 1);
    assert_int_equal(diags.error_count, 1);
    free(printed);
    diags_fini(&diags);
}

static void a_long_line_is_shown_around_the_caret(void **state)
{
    static char line[5000];
    struct diags diags;
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);

    (void)state;
    memset(line, 'x', sizeof(line));
    line[4000] = '!';
    diags_init(&diags);
    diags_add(&diags, DIAG_ERROR,
              (struct place){ STR("f"), 1, 4001, 1, { line, sizeof(line) } },
              "wrong");
    diags_print(&diags, out, false);
    fclose(out);
    assert_true(size < 400);
    assert_non_null(strchr(printed, '!'));
    free(printed);
    diags_fini(&diags);
}

static void table_finds_what_was_put(void **state)
{
    static char keys[5000][8];
    struct table table;

    (void)state;
    table_init(&table);
    assert_null(table_find(&table, STR("k0")));
    for (int i = 0; i < 5000; i++) {
        struct str key;

        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        key = str_of(keys[i]);
        row_true(keys[i], table_put(&table, key, keys[i]) == keys[i]);
        row_true(keys[i], table_put(&table, key, keys[0]) == keys[i]);
    }
    assert_int_equal(table.count, 5000);
    for (int i = 0; i < 5000; i++)
        row_true(keys[i], table_find(&table, str_of(keys[i])) == keys[i]);
    assert_null(table_find(&table, STR("k5000")));
    assert_null(table_find(&table, (struct str){ 0 }));
    table_fini(&table);
}

static void nearest_names_what_was_meant(void **state)
{
    static const struct {
        const char *wanted, *want;
    } rows[] = {
        { "mach", "match" },
        { "metch", "match" },
        { "amtch", "match" },
        { "matchh", "match" },
        { "den", "deny" },
        { "quotas", "quota" },
        { "zzz", "" },
        { "", "" },
        { "q", "" },
        { "ndey", "" },
        { "on_eror", "on_error" },
    };
    static const char *const known[] = { "match", "deny", "quota", "on_error" };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct nearest nearest;

        nearest_init(&nearest, str_of(rows[i].wanted));
        for (size_t k = 0; k < ROWS(known); k++)
            nearest_offer(&nearest, str_of(known[k]));
        row_equal_str(rows[i].wanted, nearest_name(&nearest),
                      str_of(rows[i].want));
    }
}

static void list_keeps_its_order(void **state)
{
    struct list head, a, b, c;

    (void)state;
    list_init(&head);
    list_append(&head, &a);
    list_append(&head, &b);
    list_append(&head, &c);
    list_remove(&b);
    assert_ptr_equal(list_take_first(&head), &a);
    assert_ptr_equal(list_take_first(&head), &c);
    assert_null(list_take_first(&head));
    assert_true(list_is_empty(&head));
    list_remove(&b); /* twice is harmless */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_aligned_zeroed_and_distinct_memory),
        cmocka_unit_test(arena_stops_at_its_limit_and_recovers),
        cmocka_unit_test(arena_texts_end_in_nul),
        cmocka_unit_test(arena_ends_what_lives_in_it),
        cmocka_unit_test(diags_show_the_place),
        cmocka_unit_test(diags_are_bounded),
        cmocka_unit_test(diags_say_how_bad_it_is),
        cmocka_unit_test(a_long_line_is_shown_around_the_caret),
        cmocka_unit_test(table_finds_what_was_put),
        cmocka_unit_test(nearest_names_what_was_meant),
        cmocka_unit_test(list_keeps_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
