/*
 * The files that we ship are sound and say what they promise; docs/config.md
 * is what the schema says.
 */
#include "test/config/load_text.h"
#include "test/support/table.h"

#include "config/doc.h"
#include "config/example.h"
#include "config/schema.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static struct str read_all(const char *path)
{
    char *text = malloc(1 << 20);
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(text);
    assert_non_null(file);
    len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    text[len] = '\0';
    return (struct str){ text, len };
}

static void test_embedded(void **state)
{
    struct str text = read_all("config/sluice.conf");

    (void)state;
    row_equal_str("config/sluice.conf", config_example(), text);
    free((void *)(uintptr_t)text.data);
}

static void test_default(void **state)
{
    struct str text = read_all("config/sluice.conf");
    struct snapshot *snapshot = load_text(text.data);
    uint32_t quota = ruleset_find_quota(&snapshot->ruleset, STR("in-flight"));
    const struct quota_limits *limits = &snapshot->limits[quota];

    (void)state;
    row_equal_str("listen", snapshot->server.listen.items[0],
                  STR("127.0.0.1:9091"));
    row_equal_str("admin", snapshot->server.admin, STR("127.0.0.1:9093"));
    assert_true(quota != UINT32_MAX);
    row_equal_i64("at once", limits->limits[0].amount, 100);
    row_equal_i64("reviews", limits->limits[1].amount, 20);
    row_equal_str("reviews",
                  snapshot->ruleset.quotas[quota].overrides[0].values[0],
                  STR("reviews"));
    snapshot_free(snapshot);
    free((void *)(uintptr_t)text.data);
}

static int is_example(const struct dirent *entry)
{
    return str_ends_with(str_of(entry->d_name), STR(".conf"));
}

static void test_examples(void **state)
{
    struct dirent **entries;
    int count = scandir("config/examples", &entries, is_example, alphasort);

    (void)state;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[300];

        snprintf(path, sizeof(path), "config/examples/%s", entries[i]->d_name);
        snapshot_free(load_file(path));
        free(entries[i]);
    }
    free(entries);
}

static void test_docs(void **state)
{
    struct str committed = read_all("docs/config.md");
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    doc_write(out);
    fclose(out);
    row_true("run build/config-doc > docs/config.md",
             str_eq(committed, (struct str){ text, len }));
    free(text);
    free((void *)(uintptr_t)committed.data);
}

static void check_group(const struct group *group)
{
    for (uint32_t i = 0; i < group->field_count; i++) {
        const struct field *field = &group->fields[i];

        row_true(field->name, field->doc != NULL);
        row_true(field->name, group_find(group, str_of(field->name)) == field);
        row_true(field->name, field->offset + field->size <= group->size);
        row_true(field->name,
                 field->least <= field->most || field->kind == FIELD_HOST_PORT);
        row_true(field->name, !(field->is_required && field->fallback));
        row_true(field->name,
                 field->kind == FIELD_DURATION ||
                     (field->kind == FIELD_CHOICE) == (field->choices != NULL));
        row_true(field->name,
                 (field->kind >= FIELD_GROUP) == (field->group != NULL));
        if (field->group)
            check_group(field->group);
    }
}

/* That defaults are valid is shown by loading an empty file. */
static void test_schema(void **state)
{
    (void)state;
    check_group(&document_group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedded), cmocka_unit_test(test_default),
        cmocka_unit_test(test_examples), cmocka_unit_test(test_docs),
        cmocka_unit_test(test_schema),
    };

    if (chdir(TEST_DATA "/../..") < 0)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
