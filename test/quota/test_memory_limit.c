/* Which control group limits memory, in trees of files as the kernel shows
 * them. */
#include "test/support/table.h"

#include "quota/local/memory_limit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4
#define MACHINE_BYTES 1000000

static char root[64];

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static const struct {
    const char *why, *groups;
    struct {
        const char *name, *text;
    } files[FILES_MAX];
    uint64_t bytes;
    const char *from; /* NULL: the machine's */
} trees[] = {
    { "no groups", "", { { NULL, NULL } }, MACHINE_BYTES, NULL },
    { "version 2, a limit of its own",
      "0::/user/app\n",
      { { "user/app/memory.max", "5000\n" } },
      5000,
      "user/app/memory.max" },
    { "version 2, one above it is tighter",
      "0::/user/app\n",
      { { "user/app/memory.max", "5000\n" }, { "user/memory.max", "4000\n" } },
      4000,
      "user/memory.max" },
    { "version 2, one above it is wider",
      "0::/user/app\n",
      { { "user/app/memory.max", "5000\n" }, { "user/memory.max", "6000\n" } },
      5000,
      "user/app/memory.max" },
    { "version 2, none",
      "0::/user/app\n",
      { { "user/app/memory.max", "max\n" } },
      MACHINE_BYTES,
      NULL },
    { "more than the machine has",
      "0::/app\n",
      { { "app/memory.max", "2000000\n" } },
      MACHINE_BYTES,
      NULL },
    { "in a container, with a name space",
      "0::/\n",
      { { "memory.max", "5000\n" } },
      5000,
      "memory.max" },
    { "in a container, whose path is not seen",
      "0::/docker/0123\n",
      { { "memory.max", "5000\n" } },
      5000,
      "memory.max" },
    { "a path that leads out of the name space",
      "0::/../other\n",
      { { "memory.max", "5000\n" } },
      5000,
      "memory.max" },
    { "version 1",
      "12:cpu,cpuacct:/a\n9:hugetlb,memory:/b/c\n1:name=systemd:/d\n",
      { { "memory/b/c/memory.limit_in_bytes", "7000\n" },
        { "memory/b/memory.limit_in_bytes", "9223372036854771712\n" },
        { "memory/a/memory.limit_in_bytes", "1\n" } },
      7000,
      "memory/b/c/memory.limit_in_bytes" },
    { "version 1 beside version 2",
      "4:memory:/a\n0::/a\n",
      { { "memory/a/memory.limit_in_bytes", "7000\n" },
        { "a/memory.max", "6000\n" } },
      6000,
      "a/memory.max" },
    { "a controller that is only called similarly",
      "4:memory2,notmemory:/a\n",
      { { "memory/a/memory.limit_in_bytes", "7000\n" } },
      MACHINE_BYTES,
      NULL },
    { "what is no number",
      "0::/a\n",
      { { "a/memory.max", "12x\n" }, { "memory.max", "" } },
      MACHINE_BYTES,
      NULL },
    { "a number that is too large",
      "0::/a\n",
      { { "a/memory.max", "99999999999999999999999\n" } },
      MACHINE_BYTES,
      NULL },
    { "lines that are none",
      "\n0\n0:\nmemory\n0::",
      { { "memory.max", "5000" } },
      5000,
      "memory.max" },
};

static void the_least_limit_counts(void **state)
{

    (void)state;
    for (size_t i = 0; i < ROWS(trees); i++) {
        struct memory_limit limit = { MACHINE_BYTES, "" };
        char groups[128], from[600] = "";

        snprintf(root, sizeof(root), "/tmp/sluice-limit-XXXXXX");
        assert_non_null(mkdtemp(root));
        write_file("groups", trees[i].groups);
        for (size_t n = 0; n < FILES_MAX && trees[i].files[n].name; n++)
            write_file(trees[i].files[n].name, trees[i].files[n].text);
        snprintf(groups, sizeof(groups), "%s/groups", root);
        memory_limit_of_groups(&limit, groups, root);
        row_equal_i64(trees[i].why, limit.bytes, trees[i].bytes);
        if (trees[i].from)
            snprintf(from, sizeof(from), "%s/%s", root, trees[i].from);
        row_equal_str(trees[i].why, str_of(limit.from), str_of(from));
        nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

static void this_machine_has_some(void **state)
{
    struct memory_limit limit;

    (void)state;
    memory_limit_find(&limit);
    assert_true(limit.bytes > 1 << 20);
    assert_true(limit.from[0] != '\0');
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_limit_counts),
        cmocka_unit_test(this_machine_has_some),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
