#include "proto/server/worker/control_thread.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "proto/server/shared/control.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_NS (1 * SECOND)
/* A cancelled call ends at once, unless it waits for the store's deadline. */
#define GIVE_UP_NS (5 * SECOND)

static void say(struct control_thread *control, struct control_message message)
{
    if (!control_send(control->messages.fd, &message, -1))
        log_error("master_unreachable", "kind=%d detail=\"%s\"",
                  (int)message.kind, strerror(errno));
}

static void set_state(struct control_thread *control, enum worker_state state)
{
    atomic_store(&control->worker->block->state, state);
}

/* ---- connections ------------------------------------------------------- */

static void look(struct control_thread *control, int64_t now_ns)
{
    struct connections *connections = &control->connections;

    connections_look(connections, now_ns);
    if (connections->count < control->max_connections)
        control->is_full = false;
    atomic_store(&control->worker->block->open_connections, connections->count);
}

static void on_look(struct timer *timer, int64_t now_ns)
{
    struct control_thread *control =
        container_of(timer, struct control_thread, look);

    look(control, now_ns);
    loop_set(&control->loop, timer, now_ns + LOOK_NS);
}

static bool has_room(struct control_thread *control, const char *peer,
                     int64_t now_ns)
{
    if (control->connections.count < control->max_connections)
        return true;
    look(control, now_ns);
    if (control->connections.count < control->max_connections)
        return true;
    if (!control->is_full)
        log_warning("too_many_connections", "open=%" PRIu32 " peer=%s",
                    control->connections.count, peer);
    control->is_full = true;
    COUNT(control->worker->block->refused_connections, 1);
    return false;
}

/* The master has made it non-blocking. */
static void take_connection(struct control_thread *control, int fd,
                            const char *peer, int64_t now_ns)
{
    struct worker *worker = control->worker;

    if (fd < 0)
        return;
    if (control->is_draining || !has_room(control, peer, now_ns)) {
        close(fd);
        return;
    }
    COUNT(worker->block->connections, 1);
    connections_add(&control->connections, fd);
    core_add_connection(&worker->core, fd);
}

/* ---- configurations ---------------------------------------------------- */

static void discard(struct control_thread *control)
{
    if (control->prepared)
        served_free(control->prepared);
    control->prepared = NULL;
}

static void prepare(struct control_thread *control, uint64_t generation,
                    int bundle_fd)
{
    struct control_message answer = { .kind = CONTROL_REFUSED,
                                      .generation = generation };

    discard(control);
    control->prepared =
        served_load(bundle_fd, generation, control->worker->shared, answer.text,
                    sizeof(answer.text));
    if (control->prepared)
        answer.kind = CONTROL_READY;
    say(control, answer);
}

static void adopt(struct control_thread *control,
                  const struct snapshot *snapshot)
{
    control->max_connections = snapshot->server.max_connections;
    control->drain_ns = snapshot->server.drain_ns;
    log_set_level(snapshot->log.level);
    core_configure(&control->worker->core, &snapshot->server);
    atomic_store(&control->worker->block->generation, snapshot->generation);
}

static void commit(struct control_thread *control, uint64_t generation)
{
    struct served *served = control->prepared;

    if (!served || served->snapshot->generation != generation)
        return;
    control->prepared = NULL;
    adopt(control, served->snapshot);
    serving_publish(&control->worker->serving, served);
}

/* ---- draining ---------------------------------------------------------- */

static void drain(struct control_thread *control, int64_t now_ns)
{
    if (control->is_draining)
        return;
    control->is_draining = true;
    set_state(control, WORKER_DRAINING);
    loop_set(&control->loop, &control->cancel, now_ns + control->drain_ns);
    core_stop(&control->worker->core);
}

static void on_cancel(struct timer *timer, int64_t now_ns)
{
    struct control_thread *control =
        container_of(timer, struct control_thread, cancel);
    uint32_t calls = atomic_load(&control->worker->block->calls_in_progress);

    if (calls > 0)
        log_warning("drain_cut_short", "calls=%" PRIu32, calls);
    core_cancel(&control->worker->core);
    loop_set(&control->loop, &control->give_up, now_ns + GIVE_UP_NS);
}

static void on_give_up(struct timer *timer, int64_t now_ns)
{
    (void)timer;
    (void)now_ns;
    log_error("drain_failed", "detail=\"calls do not end\"");
    _exit(1);
}

/* ---- the loop ---------------------------------------------------------- */

static void obey(struct control_thread *control,
                 const struct control_message *message, int fd, int64_t now_ns)
{
    switch (message->kind) {
    case CONTROL_PREPARE:
        prepare(control, message->generation, fd);
        break;
    case CONTROL_COMMIT:
        commit(control, message->generation);
        break;
    case CONTROL_DISCARD:
        discard(control);
        break;
    case CONTROL_DRAIN:
        drain(control, now_ns);
        break;
    case CONTROL_CONNECTION:
    case CONTROL_READY:
    case CONTROL_REFUSED:
    case CONTROL_SERVING:
        log_warning("unexpected_message", "kind=%d", (int)message->kind);
        break;
    }
    if (fd >= 0)
        close(fd);
}

static void on_message(struct waitable *waitable, int64_t now_ns)
{
    struct control_thread *control =
        container_of(waitable, struct control_thread, messages);
    struct control_message message;
    int fd;

    if (!control_receive(waitable->fd, &message, &fd)) {
        /* The master is gone. */
        loop_remove(&control->loop, waitable);
        drain(control, now_ns);
    } else if (message.kind == CONTROL_CONNECTION) {
        take_connection(control, fd, message.text, now_ns);
    } else {
        obey(control, &message, fd, now_ns);
    }
}

static void on_wake(struct waitable *waitable, int64_t now_ns)
{
    struct control_thread *control =
        container_of(waitable, struct control_thread, wake);
    eventfd_t ignored;

    (void)now_ns;
    eventfd_read(waitable->fd, &ignored);
    serving_collect(&control->worker->serving);
}

bool control_thread_init(struct control_thread *control, struct worker *worker,
                         int socket, int wake_fd)
{
    *control = (struct control_thread){
        .worker = worker,
        .messages = { socket, on_message },
        .wake = { wake_fd, on_wake },
    };
    timer_init(&control->look, on_look);
    timer_init(&control->cancel, on_cancel);
    timer_init(&control->give_up, on_give_up);
    connections_init(&control->connections);
    return loop_init(&control->loop) &&
           loop_add(&control->loop, &control->messages) &&
           loop_add(&control->loop, &control->wake);
}

void control_thread_fini(struct control_thread *control)
{
    discard(control);
    connections_fini(&control->connections);
    loop_fini(&control->loop);
}

void control_thread_run(struct control_thread *control)
{
    adopt(control, control->worker->serving.current->snapshot);
    set_state(control, WORKER_SERVING);
    say(control, (struct control_message){ .kind = CONTROL_SERVING });
    loop_set(&control->loop, &control->look, clock_boot_ns() + LOOK_NS);
    while (!atomic_load(&control->is_over))
        loop_turn(&control->loop);
}

void control_thread_end(struct control_thread *control)
{
    atomic_store(&control->is_over, true);
    eventfd_write(control->wake.fd, 1);
}
