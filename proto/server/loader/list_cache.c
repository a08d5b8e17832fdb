#include "proto/server/loader/list_cache.h"

#include "config/file.h"
#include "policy/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool list_cache_read(const char *path, size_t most, char **text, size_t *len,
                     int64_t *age_ns)
{
    struct file file;

    switch (file_read(&file, path, most)) {
    case FILE_READ:
        break;
    case FILE_TOO_LONG:
        errno = EFBIG;
        return false;
    case FILE_FAILED:
        return false;
    }
    *text = file.bytes;
    *len = file.len;
    /* The clock may have been set back since. */
    *age_ns = clock_wall_ns() - file.stamp.modified_ns;
    if (*age_ns < 0)
        *age_ns = 0;
    return true;
}

static bool write_all(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.data, text.len);

        if (written >= 0)
            text = str_skip(text, (size_t)written);
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool list_cache_write(const char *path, struct str text)
{
    char *new_path;
    bool is_good;
    int fd, error;

    if (asprintf(&new_path, "%s.new", path) < 0)
        abort();
    fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    is_good = fd >= 0 && write_all(fd, text) && fsync(fd) == 0 &&
              rename(new_path, path) == 0;
    error = errno;
    if (fd >= 0)
        close(fd);
    free(new_path);
    errno = error;
    return is_good;
}

bool list_cache_touch(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}
