#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_BYTES 4096

/* Room for more, at least one byte. */
static void grow(struct file *file, size_t *capacity)
{
    *capacity = 2 * *capacity + FIRST_BYTES;
    file->bytes = realloc(file->bytes, *capacity);
    if (!file->bytes)
        abort();
}

static enum file_result read_all(int fd, struct file *file, size_t most)
{
    size_t capacity = 0;

    while (file->len <= most) {
        ssize_t got;

        if (file->len == capacity)
            grow(file, &capacity);
        got = read(fd, file->bytes + file->len, capacity - file->len);
        if (got == 0)
            return FILE_READ;
        if (got > 0)
            file->len += (size_t)got;
        else if (errno != EINTR)
            return FILE_FAILED;
    }
    return FILE_TOO_LONG;
}

enum file_result file_read(struct file *file, const char *path, size_t most)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum file_result result;
    int error;

    *file = (struct file){ 0 };
    if (fd < 0)
        return FILE_FAILED;
    file->stamp = stamp_of_fd(fd);
    result = read_all(fd, file, most);
    error = errno;
    close(fd);
    if (result != FILE_READ) {
        free(file->bytes);
        *file = (struct file){ 0 };
    }
    errno = error;
    return result;
}
