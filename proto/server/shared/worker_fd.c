#include "proto/server/shared/worker_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int worker_fd_above(int fd)
{
    int moved, error;

    if (fd < 0)
        return -1;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, WORKER_FD_END);
    error = errno;
    close(fd);
    errno = error;
    return moved;
}
