/*
 * Every mistake that a configuration can have, one file each in
 * test/data/config: what is printed for NAME.conf is NAME.expected. With
 * WRITE_EXPECTED set, those are written instead; then read the difference.
 */
#include "test/support/table.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/snapshot.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What `sluice validate` prints. To be freed. */
static struct str diagnose(const char *path)
{
    struct snapshot *snapshot = NULL;
    struct bundle bundle;
    struct diags diags;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    diags_init(&diags);
    diags.least = DIAG_NOTE;
    if (bundle_read(&bundle, path, &diags)) {
        bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
        snapshot = snapshot_load(&bundle, &diags);
    }
    diags_print(&diags, out, false);
    fclose(out);
    if ((snapshot == NULL) != (diags.error_count > 0))
        row_fail(path, "a snapshot in spite of errors, or neither");
    snapshot_free(snapshot);
    diags_fini(&diags);
    bundle_fini(&bundle);
    return (struct str){ text, len };
}

static void write_expected(const char *path, struct str text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    fclose(file);
}

static struct str read_expected(const char *path)
{
    static char text[64 * 1024];
    FILE *file = fopen(path, "r");
    size_t len;

    if (!file)
        return STR("");
    len = fread(text, 1, sizeof(text), file);
    fclose(file);
    return (struct str){ text, len };
}

static int is_case(const struct dirent *entry)
{
    return str_ends_with(str_of(entry->d_name), STR(".conf"));
}

static void test_mistakes(void **state)
{
    struct dirent **entries;
    int count = scandir(".", &entries, is_case, alphasort);

    (void)state;
    assert_true(count > 50);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct str got = diagnose(name);
        char path[300];

        snprintf(path, sizeof(path), "%.*s.expected", (int)strlen(name) - 5,
                 name);
        if (getenv("WRITE_EXPECTED"))
            write_expected(path, got);
        row_true(name, got.len > 0);
        row_equal_str(name, got, read_expected(path));
        free((void *)(uintptr_t)got.data);
        free(entries[i]);
    }
    free(entries);
}

/* One run shows all mistakes, but not more than people read. */
static void test_many_mistakes(void **state)
{
    struct bundle bundle;
    struct diags diags;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    fprintf(out, "rules = (");
    for (int i = 0; i < 50000; i++)
        fprintf(out, "%s{ other = %d; }\n", i > 0 ? "," : "", i);
    fprintf(out, ");");
    fclose(out);
    diags_init(&diags);
    bundle_from_text(&bundle, STR("many"), (struct str){ text, len });
    assert_null(snapshot_load(&bundle, &diags));
    assert_true(diags.error_count >= DIAGS_MAX);
    diags_fini(&diags);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_many_mistakes),
    };

    if (chdir(TEST_DATA "/config") < 0)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
