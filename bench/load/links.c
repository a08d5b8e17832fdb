#include "bench/load/links.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Between two attempts to connect. */
#define REOPEN_NS (50 * MILLISECOND)

/* ---- life ---------------------------------------------------------------- */

void links_init(struct links *links, const struct links_plan *plan,
                uint64_t *failures)
{
    *links = (struct links){
        .items = calloc(plan->count, sizeof(*links->items)),
        .count = plan->count,
        .failures = failures,
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
    };
    if (!links->items || links->epoll_fd < 0)
        abort();
    for (uint32_t i = 0; i < links->count; i++)
        connection_init(&links->items[i].connection,
                        &plan->targets[i % plan->target_count], plan->streams,
                        failures);
}

void links_fini(struct links *links)
{
    for (uint32_t i = 0; i < links->count; i++)
        connection_fini(&links->items[i].connection);
    free(links->items);
    close(links->epoll_fd);
}

/* ---- one of them --------------------------------------------------------- */

static void watch(struct links *links, struct link *link, int operation,
                  bool for_room)
{
    struct epoll_event event = {
        .events = EPOLLIN | (for_room ? EPOLLOUT : 0),
        .data.ptr = link,
    };
    int error =
        epoll_ctl(links->epoll_fd, operation, link->connection.fd, &event);

    assert(error == 0);
    link->is_watched_for_room = for_room;
}

static void open_link(struct links *links, struct link *link, int64_t now_ns)
{
    link->reopen_ns = now_ns + REOPEN_NS;
    if (connection_open(&link->connection))
        watch(links, link, EPOLL_CTL_ADD, false);
    else
        links->failures[FAILURE_CONNECT]++;
}

static void close_link(struct links *links, struct link *link)
{
    struct connection *connection = &link->connection;
    bool is_announced = connection->is_going && connection->in_flight == 0;

    if (!connection->has_heard)
        links->failures[FAILURE_CONNECT]++;
    else if (!is_announced)
        links->failures[FAILURE_LOST]++;
    connection_close(connection);
}

static void flush(struct links *links, struct link *link)
{
    bool is_blocked;

    if (!connection_flush(&link->connection)) {
        close_link(links, link);
        return;
    }
    is_blocked = connection_is_blocked(&link->connection);
    if (is_blocked != link->is_watched_for_room)
        watch(links, link, EPOLL_CTL_MOD, is_blocked);
}

/* ---- all of them --------------------------------------------------------- */

void links_open(struct links *links, int64_t now_ns)
{
    for (uint32_t i = 0; i < links->count; i++) {
        struct link *link = &links->items[i];

        if (link->connection.fd < 0 && link->reopen_ns <= now_ns)
            open_link(links, link, now_ns);
    }
}

int64_t links_reopen_ns(const struct links *links)
{
    int64_t first_ns = INT64_MAX;

    for (uint32_t i = 0; i < links->count; i++) {
        const struct link *link = &links->items[i];

        if (link->connection.fd < 0 && link->reopen_ns < first_ns)
            first_ns = link->reopen_ns;
    }
    return first_ns;
}

void links_flush(struct links *links)
{
    for (uint32_t i = 0; i < links->count; i++)
        if (links->items[i].connection.is_dirty)
            flush(links, &links->items[i]);
}

uint32_t links_wait(struct links *links, int64_t wait_ns)
{
    struct timespec timeout = { 0 };
    int count;

    if (wait_ns > 0)
        timeout = (struct timespec){ wait_ns / SECOND, wait_ns % SECOND };
    count = epoll_pwait2(links->epoll_fd, links->events, LINK_EVENTS_MAX,
                         &timeout, NULL);
    assert(count >= 0 || errno == EINTR);
    return count > 0 ? (uint32_t)count : 0;
}

struct connection *links_read(struct links *links, uint32_t event)
{
    struct link *link = links->events[event].data.ptr;

    if (!connection_read(&link->connection))
        close_link(links, link);
    else if (links->events[event].events & EPOLLOUT)
        flush(links, link);
    return &link->connection;
}

void links_wait_exactly(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}
