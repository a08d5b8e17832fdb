#include "quota/redis/socket.h"

#include <assert.h>

void socket_wait_until(struct store_wait *wait, int64_t deadline_ns)
{
    if (deadline_ns < wait->deadline_ns)
        wait->deadline_ns = deadline_ns;
}

void socket_wait_for(struct store_wait *wait,
                     const struct connection *connection, short events)
{
    if (connection->fd < 0)
        return;
    assert(wait->fd_count < STORE_FDS_MAX);
    wait->fds[wait->fd_count].fd = connection->fd;
    wait->fds[wait->fd_count].events = events;
    wait->fds[wait->fd_count].revents = 0;
    wait->fd_count++;
}

short socket_events(const struct store_wait *ready,
                    const struct connection *connection)
{
    if (!ready || connection->fd < 0)
        return 0;
    for (uint32_t i = 0; i < ready->fd_count; i++)
        if (ready->fds[i].fd == connection->fd)
            return ready->fds[i].revents;
    return 0;
}
