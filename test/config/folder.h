/*
 * A directory of its own for a test, with files in it.
 */
#ifndef TEST_CONFIG_FOLDER_H
#define TEST_CONFIG_FOLDER_H

#include "test/support/table.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
};

/* Makes it and makes it the working directory. */
static inline void folder_enter(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/sluice-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    assert_int_equal(chdir(folder->path), 0);
}

static inline int folder_remove_one(const char *path, const struct stat *status,
                                    int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void folder_leave(const struct folder *folder)
{
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(
        nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void folder_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#endif
