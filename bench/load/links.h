/*
 * The connections of one thread, and what it waits for them with. One that
 * broke is opened again after a while.
 *
 * A turn: links_open, connection_send as wanted, links_flush, links_wait, and
 * links_read for each event. Requests may be at their end after links_flush
 * and links_read; all are to be taken before the next links_open.
 * Threads: its own.
 */
#ifndef BENCH_LOAD_LINKS_H
#define BENCH_LOAD_LINKS_H

#include "bench/load/connection.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LINK_EVENTS_MAX 64

/* A connection, and when it may be opened again. */
struct link {
    struct connection connection;
    int64_t reopen_ns;
    bool is_watched_for_room;
};

struct links {
    struct link *items;
    uint32_t count;
    uint64_t *failures; /* by enum failure, the caller's */
    int epoll_fd;
    struct epoll_event events[LINK_EVENTS_MAX]; /* of the last wait */
};

struct links_plan {
    const struct target *targets; /* connections take them in turn; borrowed */
    uint32_t target_count;
    uint32_t count;   /* connections */
    uint32_t streams; /* of each */
};

/* All closed. failures: FAILURE_COUNT counters. Aborts if the system gives no
 * memory or descriptor. */
void links_init(struct links *links, const struct links_plan *plan,
                uint64_t *failures);
void links_fini(struct links *links);

/* Opens what is closed and may be opened again. */
void links_open(struct links *links, int64_t now_ns);

/* When the next may be opened again; INT64_MAX: none is closed. */
int64_t links_reopen_ns(const struct links *links);

/* Writes what was gathered, as far as sockets take it. */
void links_flush(struct links *links);

/* Waits for events, at most for wait_ns (below 0: as 0); how many there are. */
uint32_t links_wait(struct links *links, int64_t wait_ns);

/* Reads what an event, 0 .. the last count, is about. */
struct connection *links_read(struct links *links, uint32_t event);

/* From now on the calling thread waits no longer than it asked for: else the
 * kernel rounds waits up by 50 us. */
void links_wait_exactly(void);

#endif
