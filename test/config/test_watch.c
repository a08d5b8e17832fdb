/*
 * Real files, real renames; only the time is given.
 */
#include "test/config/folder.h"
#include "test/support/table.h"

#include "config/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

struct scene {
    struct folder folder;
    struct bundle bundle;
    struct diags diags;
    struct watch *watch;
    int64_t now_ns;
};

static void reread(struct scene *scene)
{
    bundle_fini(&scene->bundle);
    bundle_read(&scene->bundle, "live/main.conf", &scene->diags);
    watch_files(scene->watch, &scene->bundle);
}

static int enter(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    folder_enter(&scene->folder);
    diags_init(&scene->diags);
    mkdir("live", 0700);
    mkdir("live/part", 0700);
    folder_write("live/main.conf", "@include \"part/a.conf\"\n");
    folder_write("live/part/a.conf", "a = 1;\n");
    scene->watch = watch_new();
    scene->now_ns = 1000;
    reread(scene);
    *state = scene;
    return 0;
}

static int leave(void **state)
{
    struct scene *scene = *state;

    watch_free(scene->watch);
    bundle_fini(&scene->bundle);
    diags_fini(&scene->diags);
    folder_leave(&scene->folder);
    free(scene);
    return 0;
}

static bool is_readable(const struct scene *scene)
{
    struct pollfd wait = { .fd = watch_fd(scene->watch), .events = POLLIN };

    return poll(&wait, 1, 1000) == 1;
}

/* Now, and never before it has settled, it reports the change once. */
static void expect_change(struct scene *scene)
{
    assert_false(watch_step(scene->watch, scene->now_ns));
    assert_true(watch_deadline_ns(scene->watch) ==
                scene->now_ns + WATCH_SETTLE_NS);
    scene->now_ns += WATCH_SETTLE_NS - 1;
    assert_false(watch_step(scene->watch, scene->now_ns));
    scene->now_ns += 1;
    assert_true(watch_step(scene->watch, scene->now_ns));
    scene->now_ns += WATCH_POLL_NS;
    assert_false(watch_step(scene->watch, scene->now_ns));
}

static void test_nothing(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 5; i++) {
        assert_false(watch_step(scene->watch, scene->now_ns));
        scene->now_ns = watch_deadline_ns(scene->watch);
    }
}

static void test_write_in_place(void **state)
{
    struct scene *scene = *state;

    assert_false(watch_step(scene->watch, scene->now_ns));
    folder_write("live/main.conf", "b = 2;\n");
    assert_true(is_readable(scene));
    expect_change(scene);
}

static void test_included(void **state)
{
    struct scene *scene = *state;

    assert_false(watch_step(scene->watch, scene->now_ns));
    folder_write("live/part/a.conf", "a = 22;\n");
    assert_true(is_readable(scene));
    expect_change(scene);
}

/* As editors save. */
static void test_rename(void **state)
{
    struct scene *scene = *state;

    assert_false(watch_step(scene->watch, scene->now_ns));
    folder_write("live/main.conf~", "@include \"part/a.conf\"\n");
    assert_int_equal(rename("live/main.conf~", "live/main.conf"), 0);
    assert_true(is_readable(scene));
    expect_change(scene);
}

static void make_version(const char *directory, const char *text)
{
    char path[100];

    assert_int_equal(mkdir(directory, 0700), 0);
    snprintf(path, sizeof(path), "%s/main.conf", directory);
    folder_write(path, text);
}

/* As Kubernetes updates a ConfigMap: main.conf -> ..data/main.conf, and
 * ..data -> a directory for each version. */
static void test_config_map(void **state)
{
    struct scene *scene = *state;

    make_version("live/..v1", "a = 1;\n");
    make_version("live/..v2", "a = 2;\n");
    assert_int_equal(symlink("..v1", "live/..data"), 0);
    assert_int_equal(unlink("live/main.conf"), 0);
    assert_int_equal(symlink("..data/main.conf", "live/main.conf"), 0);
    reread(scene);
    assert_false(watch_step(scene->watch, scene->now_ns));

    assert_int_equal(symlink("..v2", "live/..data_tmp"), 0);
    assert_int_equal(rename("live/..data_tmp", "live/..data"), 0);
    assert_true(is_readable(scene));
    expect_change(scene);
    reread(scene);
    row_equal_str("the new version", scene->bundle.files[0].text,
                  STR("a = 2;\n"));
    scene->now_ns += WATCH_POLL_NS;
    assert_false(watch_step(scene->watch, scene->now_ns));
}

/* Between reading and watching, or while no event comes. */
static void test_missed(void **state)
{
    struct scene *scene = *state;

    bundle_fini(&scene->bundle);
    bundle_read(&scene->bundle, "live/main.conf", &scene->diags);
    folder_write("live/part/a.conf", "a = 333;\n");
    watch_files(scene->watch, &scene->bundle);
    expect_change(scene);
}

/* Each further change puts the report off. */
static void test_settles(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 5; i++) {
        char text[32];

        snprintf(text, sizeof(text), "a = %d;\n", 10 << (4 * i));
        folder_write("live/main.conf", text);
        assert_false(watch_step(scene->watch, scene->now_ns));
        scene->now_ns += WATCH_SETTLE_NS / 2;
    }
    scene->now_ns += WATCH_SETTLE_NS / 2;
    assert_true(watch_step(scene->watch, scene->now_ns));
}

/* Half a file may be a valid one, and so may none of it. */
static void test_writer_is_waited_for(void **state)
{
    struct scene *scene = *state;
    int fd;

    assert_false(watch_step(scene->watch, scene->now_ns));
    fd = open("live/main.conf", O_WRONLY | O_TRUNC);
    assert_true(is_readable(scene));
    for (int i = 0; i < 10; i++) {
        assert_false(watch_step(scene->watch, scene->now_ns));
        scene->now_ns += WATCH_SETTLE_NS;
    }
    assert_int_equal(write(fd, "b = 2;\n", 7), 7);
    close(fd);
    assert_true(is_readable(scene));
    expect_change(scene);
}

static void test_writer_who_never_ends(void **state)
{
    struct scene *scene = *state;
    int fd;

    assert_false(watch_step(scene->watch, scene->now_ns));
    fd = open("live/part/a.conf", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "b = 2;\n", 7), 7);
    assert_false(watch_step(scene->watch, scene->now_ns));
    scene->now_ns += WATCH_WRITER_NS - 1;
    assert_false(watch_step(scene->watch, scene->now_ns));
    assert_true(watch_deadline_ns(scene->watch) == scene->now_ns + 1);
    scene->now_ns += 1;
    assert_true(watch_step(scene->watch, scene->now_ns));
    close(fd);
}

static void test_written_then_replaced(void **state)
{
    struct scene *scene = *state;
    int fd;

    assert_false(watch_step(scene->watch, scene->now_ns));
    fd = open("live/main.conf", O_WRONLY | O_TRUNC);
    folder_write("live/main.conf~", "b = 2;\n");
    assert_int_equal(rename("live/main.conf~", "live/main.conf"), 0);
    expect_change(scene);
    close(fd);
}

/* Another file in the directory, or a file that is only read. */
static void test_others(void **state)
{
    struct scene *scene = *state;

    assert_false(watch_step(scene->watch, scene->now_ns));
    folder_write("live/other", "x");
    reread(scene);
    scene->now_ns += WATCH_POLL_NS;
    assert_false(watch_step(scene->watch, scene->now_ns));
    scene->now_ns += WATCH_SETTLE_NS;
    assert_false(watch_step(scene->watch, scene->now_ns));
}

static void test_deleted_and_back(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(unlink("live/part/a.conf"), 0);
    expect_change(scene);
    reread(scene);
    assert_int_equal(scene->bundle.file_count, 2);
    folder_write("live/part/a.conf", "a = 1;\n");
    expect_change(scene);
}

/* A file in a directory that does not exist yet: no event, but it is seen. */
static void test_new_directory(void **state)
{
    struct scene *scene = *state;

    folder_write("live/main.conf", "@include \"late/b.conf\"\n");
    reread(scene);
    assert_false(watch_step(scene->watch, scene->now_ns));
    mkdir("late", 0700);
    assert_int_equal(rename("late", "live/late"), 0);
    folder_write("live/late/b.conf", "b = 1;\n");
    scene->now_ns += WATCH_POLL_NS;
    expect_change(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(test_write_in_place, enter, leave),
        cmocka_unit_test_setup_teardown(test_included, enter, leave),
        cmocka_unit_test_setup_teardown(test_rename, enter, leave),
        cmocka_unit_test_setup_teardown(test_config_map, enter, leave),
        cmocka_unit_test_setup_teardown(test_missed, enter, leave),
        cmocka_unit_test_setup_teardown(test_settles, enter, leave),
        cmocka_unit_test_setup_teardown(test_writer_is_waited_for, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_writer_who_never_ends, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_written_then_replaced, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_others, enter, leave),
        cmocka_unit_test_setup_teardown(test_deleted_and_back, enter, leave),
        cmocka_unit_test_setup_teardown(test_new_directory, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
