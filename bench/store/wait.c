#include "bench/store/wait.h"

#include "policy/base/clock.h"

#include <poll.h>
#include <time.h>

void wait_for_store(struct store_wait *wait, int64_t most_ns)
{
    int64_t left_ns = most_ns;
    struct pollfd fds[STORE_FDS_MAX];
    struct timespec timeout;
    int ready;

    if (wait->deadline_ns < INT64_MAX) {
        left_ns = wait->deadline_ns - clock_boot_ns();
        left_ns = left_ns < 0 ? 0 : left_ns;
        left_ns = left_ns > most_ns ? most_ns : left_ns;
    }
    timeout = (struct timespec){ .tv_sec = left_ns / SECOND,
                                 .tv_nsec = left_ns % SECOND };
    for (uint32_t i = 0; i < wait->fd_count; i++)
        fds[i] = (struct pollfd){ .fd = wait->fds[i].fd,
                                  .events = wait->fds[i].events };
    ready = ppoll(fds, wait->fd_count, &timeout, NULL);
    for (uint32_t i = 0; i < wait->fd_count; i++)
        wait->fds[i].revents = ready > 0 ? fds[i].revents : 0;
}
