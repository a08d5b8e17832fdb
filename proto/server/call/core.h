/*
 * The C core's side of a worker: a server without a port, one completion
 * queue, and the call thread, which takes one event at a time from it. The tag
 * of an event is its continuation.
 *
 * A store that answers later goes on with calls from a thread of its own. Then
 * both threads hold the core's lock while they do anything with calls; else
 * there is no lock, and only the call thread does.
 * Threads: as said for each function; fields: under the lock.
 */
#ifndef PROTO_SERVER_CALL_CORE_H
#define PROTO_SERVER_CALL_CORE_H

#include "config/snapshot.h"
#include "policy/base/list.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What goes on when something that was started is done. Embed one per thing
 * awaited. ok: as the C core says it of the batch or the request. */
struct tag {
    void (*run)(struct tag *tag, bool ok);
};

/* The loop turns at least this often, when nothing happens and when the queue
 * is never drained. */
#define CORE_IDLE_NS INT64_C(500000000)
#define CORE_BUSY_NS INT64_C(1000000)

struct core {
    /* Set by the owner before core_run: runs under the lock when the loop
     * turns, which is whenever the queue was found drained, before the thread
     * sleeps. */
    void (*turn)(struct core *core);

    grpc_server *server;
    grpc_completion_queue *queue;
    grpc_resource_quota *memory;
    int64_t now_ns;      /* of the present event, CLOCK_BOOTTIME */
    int64_t drained_ns;  /* when the queue was last known to be drained */
    int64_t turned_ns;   /* when the loop last turned */
    uint32_t live_count; /* things begun and not ended: they keep it running */
    struct tag over;
    bool is_over; /* the server is shut down: no connection is left */
    bool is_closed;
    atomic_bool is_stopping;
    atomic_bool is_told; /* peers: to go */
    bool is_cut;         /* their connections */
    bool has_lock;
    pthread_mutex_t lock;
};

/* has_lock: another thread than the call thread goes on with calls. Needs
 * grpc_init. */
void core_init(struct core *core, const struct server_settings *settings,
               bool has_lock);

/* After core_run has returned and every other thread is joined. */
void core_fini(struct core *core);

/* A method with one request message; what rpc_await takes. Before core_start.
 * path: "/package.Service/Method". */
void *core_register(struct core *core, const char *path);
void core_start(struct core *core);

/* Takes over what a reload may change. Control thread. */
void core_configure(struct core *core, const struct server_settings *settings);

/* The call thread: runs until all is over. */
void core_run(struct core *core);

void core_lock(struct core *core);
void core_unlock(struct core *core);

/* Serves a connected socket, which is the core's from now on. Control thread,
 * before core_stop. */
void core_add_connection(struct core *core, int fd);

/* No new calls: requests that are awaited come back with ok false, peers are
 * told to go (GOAWAY). Once everything begun has ended, connections are cut,
 * and core_run ends. Control thread, once. */
void core_stop(struct core *core);

/* Cancels what is in progress and cuts all connections. After core_stop, while
 * the server exists (until core_fini). */
void core_cancel(struct core *core);

/* True once core_stop was called: await no further request. Any thread. */
bool core_is_stopping(const struct core *core);

/* Whether events come faster than they are handled: the queue has not been
 * drained for `max_delay_ns`. Under the lock. */
bool core_is_overloaded(const struct core *core, int64_t max_delay_ns);

/* Something that the core must outlive begins, and ends. Under the lock. */
void core_begin(struct core *core);
void core_end(struct core *core);

#endif
