/*
 * The control thread of a worker: hears the master, takes connections over,
 * prepares and publishes configurations, frees old ones, drains.
 * Threads: the process' first one.
 */
#ifndef PROTO_SERVER_WORKER_CONTROL_THREAD_H
#define PROTO_SERVER_WORKER_CONTROL_THREAD_H

#include "proto/server/call/worker.h"
#include "proto/server/shared/loop.h"
#include "proto/server/worker/connections.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct control_thread {
    struct worker *worker;
    struct loop loop;
    struct waitable messages; /* the socketpair */
    struct waitable wake;     /* the eventfd of worker->serving */
    struct timer look;        /* at the connections */
    struct timer cancel;      /* drain_ns is over */
    struct timer give_up;     /* and calls are still not */
    struct connections connections;
    bool is_full; /* and has said so */
    bool is_draining;
    atomic_bool is_over; /* set by the call thread as its last act */

    struct served *prepared; /* not committed yet */
    /* Of the configuration that serves; the call thread may free that. */
    uint32_t max_connections;
    int64_t drain_ns;
};

/* socket: its end of the socketpair. wake_fd: an eventfd. Both stay the
 * caller's. False with errno if the kernel has no room. */
bool control_thread_init(struct control_thread *control, struct worker *worker,
                         int socket, int wake_fd);
void control_thread_fini(struct control_thread *control);

/* Says SERVING and works until the call thread has ended. */
void control_thread_run(struct control_thread *control);

/* The call thread's last act. */
void control_thread_end(struct control_thread *control);

#endif
