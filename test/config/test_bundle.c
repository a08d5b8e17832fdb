#include "test/config/folder.h"
#include "test/support/table.h"

#include "config/bundle.h"
#include "config/source.h"

#include <fcntl.h>

static struct folder folder;

static int enter(void **state)
{
    (void)state;
    folder_enter(&folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    folder_leave(&folder);
    return 0;
}

static void write_tree(void)
{
    mkdir("conf.d", 0700);
    folder_write("main.conf", "# main\n@include \"conf.d/a.conf\"\n"
                              "  @include \"conf.d/b.conf\" x = 1;\n");
    folder_write("conf.d/a.conf", "a = 1; # no newline at the end");
    folder_write("conf.d/b.conf", "@include \"a.conf\"\nb = 1;\n");
}

static void test_read(void **state)
{
    struct bundle bundle;
    struct diags diags;

    (void)state;
    write_tree();
    diags_init(&diags);
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    assert_int_equal(bundle.file_count, 3);
    row_equal_str("main", bundle.files[0].path, STR("main.conf"));
    row_equal_str("first", bundle.files[1].path, STR("conf.d/a.conf"));
    row_equal_str("second", bundle.files[2].path, STR("conf.d/b.conf"));
    row_equal_str("text", bundle.files[2].text,
                  STR("@include \"a.conf\"\nb = 1;\n"));
    assert_true(bundle.files[2].stamp.inode != 0);
    bundle_fini(&bundle);
    diags_fini(&diags);
}

/* Text is expanded in place; every byte of it is found again. */
static void test_expand(void **state)
{
    static const struct {
        const char *why;
        const char *part;
        struct str file;
        unsigned line, column;
    } rows[] = {
        { "main", "# main", STR_INIT("main.conf"), 1, 1 },
        { "included", "a = 1", STR_INIT("conf.d/a.conf"), 1, 1 },
        { "behind an include in an include", "b = 1", STR_INIT("conf.d/b.conf"),
          2, 1 },
        { "behind an include, on its line", "x = 1", STR_INIT("main.conf"), 3,
          28 },
    };
    struct bundle bundle;
    struct source source;
    struct diags diags;

    (void)state;
    write_tree();
    diags_init(&diags);
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    assert_true(source_expand(&source, &bundle, &diags));
    row_equal_str("whole", ((struct str){ source.text, source.length }),
                  STR("# main\na = 1; # no newline at the end\n\n  "
                      "a = 1; # no newline at the end\n\nb = 1;\n\n x = 1;\n"));
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *at = strstr(source.text, rows[i].part);
        struct place place =
            source_place(&source, (size_t)(at - source.text), 1);

        row_equal_str(rows[i].why, place.file, rows[i].file);
        row_equal_i64(rows[i].why, place.line, rows[i].line);
        row_equal_i64(rows[i].why, place.column, rows[i].column);
    }
    source_fini(&source);
    bundle_fini(&bundle);
    diags_fini(&diags);
}

static void test_missing(void **state)
{
    struct bundle bundle;
    struct diags diags;

    (void)state;
    folder_write("main.conf", "@include \"absent.conf\"\n");
    diags_init(&diags);
    assert_false(bundle_read(&bundle, "main.conf", &diags));
    assert_int_equal(diags.error_count, 1);
    /* It is watched, so that it is noticed when it comes. */
    assert_int_equal(bundle.file_count, 2);
    row_equal_str("named", bundle.files[1].path, STR("absent.conf"));
    assert_null(bundle.files[1].text.data);
    bundle_fini(&bundle);

    assert_false(bundle_read(&bundle, "nowhere.conf", &diags));
    assert_int_equal(diags.error_count, 2);
    assert_null(bundle.files[0].text.data);
    bundle_fini(&bundle);

    assert_false(bundle_read(&bundle, ".", &diags));
    bundle_fini(&bundle);
    diags_fini(&diags);
}

static void test_seal(void **state)
{
    struct bundle bundle, copy;
    struct diags diags;
    int fd;

    (void)state;
    write_tree();
    diags_init(&diags);
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    fd = bundle_seal(&bundle);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), -1);
    /* As often as workers are started. */
    for (int i = 0; i < 2; i++) {
        assert_true(bundle_open(&copy, fd));
        assert_true(bundle_equal(&bundle, &copy));
        bundle_fini(&copy);
    }
    close(fd);
    bundle_fini(&bundle);

    bundle_from_text(&copy, STR("other"), STR("x = 1;"));
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    assert_false(bundle_equal(&bundle, &copy));
    bundle_fini(&copy);
    bundle_fini(&bundle);
    diags_fini(&diags);
}

/* Whatever is cut off or changed at the front: no bundle. */
static void test_open_bad(void **state)
{
    struct bundle bundle, copy;
    char bytes[256];
    ssize_t len;
    int sealed, fd;

    (void)state;
    bundle_from_text(&bundle, STR("a"), STR("x = 1;"));
    sealed = bundle_seal(&bundle);
    len = read(sealed, bytes, sizeof(bytes));
    len = len > 0 ? len : pread(sealed, bytes, sizeof(bytes), 0);
    assert_true(len > 16);
    for (ssize_t cut = 0; cut < len; cut++) {
        folder_write("cut", "");
        assert_int_equal(truncate("cut", 0), 0);
        fd = open("cut", O_RDWR);
        assert_int_equal(write(fd, bytes, (size_t)cut), cut);
        assert_false(bundle_open(&copy, fd));
        bundle_fini(&copy);
        close(fd);
    }
    bytes[0] ^= 1;
    fd = open("cut", O_RDWR | O_TRUNC);
    assert_int_equal(write(fd, bytes, (size_t)len), len);
    assert_false(bundle_open(&copy, fd));
    bundle_fini(&copy);
    close(fd);
    close(sealed);
    bundle_fini(&bundle);
}

/* Reads a file that includes 0.conf, and expands it. */
static bool loads(const char *path)
{
    struct bundle bundle;
    struct source source = { 0 };
    struct diags diags;
    bool is_good;

    diags_init(&diags);
    is_good = bundle_read(&bundle, path, &diags) &&
              source_expand(&source, &bundle, &diags);
    assert_true(is_good == (diags.error_count == 0));
    source_fini(&source);
    bundle_fini(&bundle);
    diags_fini(&diags);
    return is_good;
}

static void test_empty(void **state)
{
    static const struct {
        const char *why, *main, *included;
        bool want;
    } rows[] = {
        { "both say something", "@include \"a.conf\"\n", "a = 1;\n", true },
        { "a comment is not nothing", "# none\n", "", true },
        { "the file may be in the middle of being written", "", "", false },
        { "so may an included one", "@include \"a.conf\"\n", "", false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        folder_write("main.conf", rows[i].main);
        folder_write("a.conf", rows[i].included);
        row_equal_i64(rows[i].why, loads("main.conf"), rows[i].want);
    }
}

static void test_depth(void **state)
{
    char path[32], text[64];

    (void)state;
    for (int i = 0; i < INCLUDE_DEPTH_MAX + 1; i++) {
        snprintf(path, sizeof(path), "%d.conf", i);
        snprintf(text, sizeof(text), "@include \"%d.conf\"\n", i + 1);
        folder_write(path, text);
    }
    snprintf(path, sizeof(path), "%d.conf", INCLUDE_DEPTH_MAX + 1);
    folder_write(path, "\n");
    assert_true(loads("1.conf"));
    assert_false(loads("0.conf"));
}

static void test_file_count(void **state)
{
    char path[32];
    FILE *file = fopen("main.conf", "w");

    (void)state;
    for (int i = 1; i <= BUNDLE_FILES_MAX; i++) {
        if (i == BUNDLE_FILES_MAX) {
            fflush(file);
            assert_true(loads("main.conf"));
        }
        snprintf(path, sizeof(path), "%d.conf", i);
        folder_write(path, "\n");
        fprintf(file, "@include \"%s\"\n", path);
    }
    fclose(file);
    assert_false(loads("main.conf"));
}

/* A file of 1 MiB included often: small on disk, large when expanded. */
static void test_expanded_size(void **state)
{
    FILE *file = fopen("large.conf", "w");

    (void)state;
    for (int i = 0; i < 1 << 16; i++)
        fprintf(file, "# sixteen bytes\n");
    fclose(file);
    file = fopen("main.conf", "w");
    for (int i = 0; i < 15; i++)
        fprintf(file, "@include \"large.conf\"\n");
    fflush(file);
    assert_true(loads("main.conf"));
    fprintf(file, "@include \"large.conf\"\n");
    fclose(file);
    assert_false(loads("main.conf"));
}

static void test_total_size(void **state)
{
    char path[32];
    FILE *file = fopen("main.conf", "w");

    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%d.conf", i);
        folder_write(path, "");
        assert_int_equal(truncate(path, 6 << 20), 0);
        fprintf(file, "@include \"%s\"\n", path);
    }
    fclose(file);
    assert_false(loads("main.conf"));
}

static const struct {
    const char *why;
    struct str including, included, path;
} paths[] = {
    { "the working directory", STR_INIT("a.conf"), STR_INIT("b.conf"),
      STR_INIT("b.conf") },
    { "the same directory", STR_INIT("d/a.conf"), STR_INIT("b.conf"),
      STR_INIT("d/b.conf") },
    { "absolute", STR_INIT("d/a.conf"), STR_INIT("/e/b.conf"),
      STR_INIT("/e/b.conf") },
    { "the root", STR_INIT("/a.conf"), STR_INIT("b.conf"),
      STR_INIT("/b.conf") },
    { "up", STR_INIT("d/e/a.conf"), STR_INIT("../b.conf"),
      STR_INIT("d/b.conf") },
    { "up to the start", STR_INIT("d/a.conf"), STR_INIT("../b.conf"),
      STR_INIT("b.conf") },
    { "up beyond the start", STR_INIT("d/a.conf"), STR_INIT("../../../b"),
      STR_INIT("../../b") },
    { "up beyond the root", STR_INIT("/d/a.conf"), STR_INIT("../../b"),
      STR_INIT("/b") },
    { "points and slashes", STR_INIT("./d//a.conf"), STR_INIT("././b/.//c"),
      STR_INIT("d/b/c") },
};

static void test_resolve(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(paths); i++)
        row_equal_str(
            paths[i].why,
            source_resolve(paths[i].including, paths[i].included, &arena),
            paths[i].path);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, enter, leave),
        cmocka_unit_test_setup_teardown(test_expand, enter, leave),
        cmocka_unit_test_setup_teardown(test_missing, enter, leave),
        cmocka_unit_test_setup_teardown(test_seal, enter, leave),
        cmocka_unit_test_setup_teardown(test_open_bad, enter, leave),
        cmocka_unit_test_setup_teardown(test_empty, enter, leave),
        cmocka_unit_test_setup_teardown(test_depth, enter, leave),
        cmocka_unit_test_setup_teardown(test_file_count, enter, leave),
        cmocka_unit_test_setup_teardown(test_expanded_size, enter, leave),
        cmocka_unit_test_setup_teardown(test_total_size, enter, leave),
        cmocka_unit_test(test_resolve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
