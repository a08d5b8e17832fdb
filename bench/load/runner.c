#include "bench/load/runner.h"

#include <assert.h>
#include <stdlib.h>

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
    if (!is_measured(plan, request->ask.due_ns))
        return;
    results->statuses[request->grpc_status]++;
    if (!is_ok)
        return;
    latency_record(&results->latency, now_ns - request->ask.due_ns);
    if (plan->has_verdict)
        results->verdicts[reply_verdict(request_message(request))]++;
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

/* ---- requests ------------------------------------------------------------ */

static void send_request(struct runner *runner, struct connection *connection,
                         int64_t due_at_ns)
{
    const struct bodies *bodies = runner->plan->bodies;
    uint64_t number = request_number(runner);

    const struct ask ask = {
        .path = runner->plan->path,
        .body = &bodies->items[number % bodies->count],
        .id = runner->plan->first_id + number,
        .due_ns = due_at_ns,
    };

    connection_send(connection, &ask);
    runner->sent_count++;
    runner->in_flight++;
}

static void send_closed(struct runner *runner, int64_t now_ns)
{
    for (uint32_t i = 0; i < runner->links.count; i++) {
        struct connection *connection = &runner->links.items[i].connection;

        while (connection_is_free(connection))
            send_request(runner, connection, now_ns);
    }
}

/* The next connection with a free stream, or NULL. */
static struct connection *next_free(struct runner *runner)
{
    for (uint32_t i = 0; i < runner->links.count; i++) {
        struct connection *connection;

        runner->last_link = (runner->last_link + 1) % runner->links.count;
        connection = &runner->links.items[runner->last_link].connection;
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

    links_open(&runner->links, now_ns);
    if (plan->rate > 0)
        send_due(runner, now_ns);
    else if (now_ns < plan->end_ns)
        send_closed(runner, now_ns);
    links_flush(&runner->links);
    for (uint32_t i = 0; i < runner->links.count; i++)
        take_ended(runner, &runner->links.items[i].connection, now_ns);
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
    return earlier(wake, links_reopen_ns(&runner->links));
}

static void sleep_until_event(struct runner *runner, int64_t now_ns)
{
    uint32_t count =
        links_wait(&runner->links, wake_ns(runner, now_ns) - now_ns);

    for (uint32_t i = 0; i < count; i++)
        take_ended(runner, links_read(&runner->links, i), clock_boot_ns());
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

    links_wait_exactly();
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
    struct links_plan links = {
        .targets = &plan->target,
        .target_count = 1,
        .streams = plan->streams,
    };

    *runner = (struct runner){ .plan = plan, .index = index };
    links.count = share_of(plan->connections, runner);
    links_init(&runner->links, &links, runner->results.failures);
    if (pthread_create(&runner->thread, NULL, run, runner) != 0)
        abort();
}

void runner_join(struct runner *runner, struct results *results)
{
    pthread_join(runner->thread, NULL);
    results_add(results, &runner->results);
    links_fini(&runner->links);
}
