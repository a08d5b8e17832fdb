#include "bench/load/runner.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EVENTS_MAX 64
/* Between two attempts to connect. */
#define REOPEN_NS (50 * MILLISECOND)

/* A connection, and when it may be opened again. */
struct slot {
    struct connection connection;
    int64_t reopen_ns;
    bool is_watched_for_room;
};

static bool is_measured(const struct plan *plan, int64_t time_ns)
{
    return time_ns >= plan->begin_ns && time_ns < plan->end_ns;
}

/* Of the next request, among those of all threads, which take turns. */
static uint64_t request_number(const struct runner *runner)
{
    return runner->index + runner->sent_count * runner->plan->threads;
}

/* When the next request of an open loop is due. */
static int64_t due_ns(const struct runner *runner)
{
    return runner->plan->start_ns +
           (int64_t)(request_number(runner) * SECOND / runner->plan->rate);
}

/* ---- replies ------------------------------------------------------------- */

/* The only message of a reply; data == NULL: there is none, or another. */
static struct str message_of(const struct request *request)
{
    struct str frame =
        first_frame((struct str){ request->reply, request->reply_bytes });

    if (frame.len == 0 || frame.len < request->reply_bytes)
        return (struct str){ 0 };
    return str_skip(frame, FRAME_PREFIX_BYTES);
}

static void count_answer(struct runner *runner, const struct request *request,
                         int64_t now_ns)
{
    const struct plan *plan = runner->plan;
    struct results *results = &runner->results;
    bool is_ok = request->grpc_status == 0;

    if (request->http_status != 200) {
        results->failures[FAILURE_HTTP]++;
        return;
    }
    if (request->grpc_status < 0 || request->grpc_status >= GRPC_STATUS_COUNT) {
        results->failures[FAILURE_INCOMPLETE]++;
        return;
    }
    if (is_ok && is_measured(plan, now_ns))
        results->replied++;
    if (!is_measured(plan, request->due_ns))
        return;
    results->statuses[request->grpc_status]++;
    if (!is_ok)
        return;
    latency_record(&results->latency, now_ns - request->due_ns);
    if (plan->has_verdict)
        results->verdicts[reply_verdict(message_of(request))]++;
}

static void take_ended(struct runner *runner, struct connection *connection,
                       int64_t now_ns)
{
    struct request *request;

    while ((request = connection_take_ended(connection))) {
        runner->in_flight--;
        switch (request->state) {
        case REQUEST_ANSWERED:
            count_answer(runner, request, now_ns);
            break;
        case REQUEST_RESET:
            runner->results.failures[FAILURE_RESET]++;
            break;
        case REQUEST_ABORTED:
            runner->results.failures[FAILURE_ABORTED]++;
            break;
        case REQUEST_IDLE:
        case REQUEST_IN_FLIGHT:
            assert(false);
        }
    }
}

/* ---- connections --------------------------------------------------------- */

static void watch(struct runner *runner, struct slot *slot, int operation,
                  bool for_room)
{
    struct epoll_event event = {
        .events = EPOLLIN | (for_room ? EPOLLOUT : 0),
        .data.ptr = slot,
    };
    int error =
        epoll_ctl(runner->epoll_fd, operation, slot->connection.fd, &event);

    assert(error == 0);
    slot->is_watched_for_room = for_room;
}

static void open_slot(struct runner *runner, struct slot *slot, int64_t now_ns)
{
    slot->reopen_ns = now_ns + REOPEN_NS;
    if (connection_open(&slot->connection))
        watch(runner, slot, EPOLL_CTL_ADD, false);
    else
        runner->results.failures[FAILURE_CONNECT]++;
}

static void close_slot(struct runner *runner, struct slot *slot, int64_t now_ns)
{
    struct connection *connection = &slot->connection;
    bool is_announced = connection->is_going && connection->in_flight == 0;

    if (!connection->has_heard)
        runner->results.failures[FAILURE_CONNECT]++;
    else if (!is_announced)
        runner->results.failures[FAILURE_LOST]++;
    connection_close(connection);
    take_ended(runner, connection, now_ns);
}

static void flush(struct runner *runner, struct slot *slot, int64_t now_ns)
{
    bool is_blocked;

    if (!connection_flush(&slot->connection)) {
        close_slot(runner, slot, now_ns);
        return;
    }
    is_blocked = connection_is_blocked(&slot->connection);
    if (is_blocked != slot->is_watched_for_room)
        watch(runner, slot, EPOLL_CTL_MOD, is_blocked);
}

static void on_event(struct runner *runner, const struct epoll_event *event)
{
    struct slot *slot = event->data.ptr;
    bool is_open = connection_read(&slot->connection);
    int64_t now_ns = clock_boot_ns();

    take_ended(runner, &slot->connection, now_ns);
    if (!is_open)
        close_slot(runner, slot, now_ns);
    else if (event->events & EPOLLOUT)
        flush(runner, slot, now_ns);
}

/* ---- requests ------------------------------------------------------------ */

static void send_request(struct runner *runner, struct connection *connection,
                         int64_t due_at_ns)
{
    const struct bodies *bodies = runner->plan->bodies;
    uint64_t number = request_number(runner);

    connection_send(connection, &bodies->items[number % bodies->count],
                    runner->plan->first_id + number, due_at_ns);
    runner->sent_count++;
    runner->in_flight++;
}

static void send_closed(struct runner *runner, int64_t now_ns)
{
    for (uint32_t i = 0; i < runner->slot_count; i++) {
        struct connection *connection = &runner->slots[i].connection;

        while (connection_is_free(connection))
            send_request(runner, connection, now_ns);
    }
}

/* The next connection with a free stream, or NULL. */
static struct connection *next_free(struct runner *runner)
{
    for (uint32_t i = 0; i < runner->slot_count; i++) {
        struct connection *connection;

        runner->last_slot = (runner->last_slot + 1) % runner->slot_count;
        connection = &runner->slots[runner->last_slot].connection;
        if (connection_is_free(connection))
            return connection;
    }
    return NULL;
}

static void send_due(struct runner *runner, int64_t now_ns)
{
    struct connection *connection;
    int64_t due = due_ns(runner);

    while (due <= now_ns && due < runner->plan->end_ns &&
           (connection = next_free(runner))) {
        send_request(runner, connection, due);
        due = due_ns(runner);
    }
}

/* ---- the loop ------------------------------------------------------------ */

static bool has_due(const struct runner *runner)
{
    return runner->plan->rate > 0 && due_ns(runner) < runner->plan->end_ns;
}

static bool is_over(const struct runner *runner, int64_t now_ns)
{
    const struct plan *plan = runner->plan;

    if (now_ns < plan->end_ns)
        return false;
    return now_ns >= plan->end_ns + GRACE_NS ||
           (runner->in_flight == 0 && !has_due(runner));
}

static void turn(struct runner *runner, int64_t now_ns)
{
    const struct plan *plan = runner->plan;

    for (uint32_t i = 0; i < runner->slot_count; i++) {
        struct slot *slot = &runner->slots[i];

        if (slot->connection.fd < 0 && slot->reopen_ns <= now_ns)
            open_slot(runner, slot, now_ns);
    }
    if (plan->rate > 0)
        send_due(runner, now_ns);
    else if (now_ns < plan->end_ns)
        send_closed(runner, now_ns);
    for (uint32_t i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].connection.is_dirty)
            flush(runner, &runner->slots[i], now_ns);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* When there is something to do even if nothing happens. */
static int64_t wake_ns(const struct runner *runner, int64_t now_ns)
{
    const struct plan *plan = runner->plan;
    int64_t wake =
        now_ns < plan->end_ns ? plan->end_ns : plan->end_ns + GRACE_NS;

    /* What is overdue waits for a free stream. */
    if (has_due(runner) && due_ns(runner) > now_ns)
        wake = earlier(wake, due_ns(runner));
    for (uint32_t i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].connection.fd < 0)
            wake = earlier(wake, runner->slots[i].reopen_ns);
    return wake;
}

static void sleep_until_event(struct runner *runner, int64_t now_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout;
    int64_t wait_ns = wake_ns(runner, now_ns) - now_ns;
    int count;

    if (wait_ns < 0)
        wait_ns = 0;
    timeout.tv_sec = wait_ns / SECOND;
    timeout.tv_nsec = wait_ns % SECOND;
    count = epoll_pwait2(runner->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
    assert(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++)
        on_event(runner, &events[i]);
}

/* What is left when the time is up. */
static void count_leftovers(struct runner *runner)
{
    runner->results.failures[FAILURE_UNANSWERED] += runner->in_flight;
    for (; has_due(runner); runner->sent_count++)
        runner->results.failures[FAILURE_UNSENT]++;
}

static void *run(void *argument)
{
    struct runner *runner = argument;
    int64_t now_ns;

    /* Else the kernel rounds waits up by 50 us. */
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (now_ns = clock_boot_ns(); !is_over(runner, now_ns);
         now_ns = clock_boot_ns()) {
        turn(runner, now_ns);
        sleep_until_event(runner, now_ns);
    }
    count_leftovers(runner);
    return NULL;
}

/* ---- life ---------------------------------------------------------------- */

/* The part of `total` that falls to this thread. */
static uint32_t share_of(uint32_t total, const struct runner *runner)
{
    uint32_t threads = runner->plan->threads;

    return total / threads + (runner->index < total % threads);
}

void runner_start(struct runner *runner, const struct plan *plan,
                  uint32_t index)
{
    *runner = (struct runner){ .plan = plan, .index = index };
    runner->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    runner->slot_count = share_of(plan->connections, runner);
    runner->slots = calloc(runner->slot_count, sizeof(*runner->slots));
    if (runner->epoll_fd < 0 || !runner->slots)
        abort();
    for (uint32_t i = 0; i < runner->slot_count; i++)
        connection_init(&runner->slots[i].connection, &plan->target,
                        plan->streams, &runner->results);
    if (pthread_create(&runner->thread, NULL, run, runner) != 0)
        abort();
}

void runner_join(struct runner *runner, struct results *results)
{
    pthread_join(runner->thread, NULL);
    results_add(results, &runner->results);
    for (uint32_t i = 0; i < runner->slot_count; i++)
        connection_fini(&runner->slots[i].connection);
    free(runner->slots);
    close(runner->epoll_fd);
}
