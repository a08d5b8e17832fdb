#include "config/stamp.h"

#include "policy/base/clock.h"

#include <sys/stat.h>

static int64_t in_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

static struct stamp stamp_of(const struct stat *status)
{
    return (struct stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size_bytes = (uint64_t)status->st_size,
        .modified_ns = in_ns(status->st_mtim),
        .changed_ns = in_ns(status->st_ctim),
    };
}

struct stamp stamp_of_path(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? stamp_of(&status) : (struct stamp){ 0 };
}

struct stamp stamp_of_fd(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? stamp_of(&status) : (struct stamp){ 0 };
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size_bytes == b->size_bytes && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}
