#include "bench/race/calls.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

/* A call without an answer is given up. */
#define PATIENCE_NS (10 * SECOND)
/* A refused client comes back after this. */
#define PAUSE_NS (10 * MILLISECOND)
/* Calls in flight of a client, in an open loop: more than come due while a
 * server stands still for some seconds. */
#define STREAMS 1024

/* A call under way: a Check, then perhaps the time that its lease is held, and
 * the release. */
struct call {
    struct delayed wait; /* for the answer, or while it is held */
    uint64_t number;
    uint32_t quota;
    struct client *client;
    int64_t due_ns, sent_ns; /* of the Check */
    struct request *request; /* in flight; else NULL */
    bool is_release, is_given_up;
    struct body release;
    char release_bytes[FRAME_PREFIX_BYTES + HANDLE_TEXT_MAX + 16];
};

int64_t race_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

/* ---- life ---------------------------------------------------------------- */

static void encode_checks(struct calls *calls)
{
    const struct race_plan *plan = calls->plan;
    struct arena *arena = &calls->checks.arena;
    struct body *items;

    bodies_init(&calls->checks);
    items = arena_calloc(arena, plan->quota_count, sizeof(*items));
    for (uint32_t i = 0; i < plan->quota_count; i++)
        items[i].frame = message_check(str_of(plan->quotas[i].name), arena);
    bodies_set(&calls->checks, items, plan->quota_count);
}

static void make_clients(struct calls *calls)
{
    const struct race_plan *plan = calls->plan;
    struct links_plan links = {
        .targets = plan->targets,
        .target_count = plan->target_count,
        .count = plan->client_count,
        .streams = plan->per_second > 0 ? STREAMS : 1,
    };

    links_init(&calls->links, &links, calls->failures);
    calls->clients = calloc(plan->client_count, sizeof(*calls->clients));
    if (!calls->clients)
        abort();
    for (uint32_t i = 0; i < plan->client_count; i++) {
        calls->clients[i].connection = &calls->links.items[i].connection;
        calls->clients[i].server = i % plan->target_count;
    }
}

void calls_init(struct calls *calls, const struct race_plan *plan,
                struct journal *journal)
{
    *calls = (struct calls){ .plan = plan, .journal = journal };
    arena_init(&calls->scratch, 0);
    encode_checks(calls);
    make_clients(calls);
    delay_init(&calls->answers, PATIENCE_NS);
    delay_init(&calls->ready, 0);
    delay_init(&calls->pauses, PAUSE_NS);
    calls->holds = calloc(plan->quota_count, sizeof(*calls->holds));
    if (!calls->holds)
        abort();
    for (uint32_t i = 0; i < plan->quota_count; i++)
        delay_init(&calls->holds[i], plan->quotas[i].hold_ns);
}

void calls_fini(struct calls *calls)
{
    links_fini(&calls->links);
    bodies_fini(&calls->checks);
    arena_fini(&calls->scratch);
    free(calls->clients);
    free(calls->holds);
}

/* ---- calls --------------------------------------------------------------- */

/* Sends what the call asks now. STATUS_OK, or why it is not sent. */
static enum status_code send_call(struct calls *calls, struct call *call,
                                  const struct ask *ask, int64_t now_ns)
{
    struct connection *connection = call->client->connection;

    if (!connection_is_free(connection))
        return connection->in_flight == STREAMS ? STATUS_RESOURCE_EXHAUSTED
                                                : STATUS_UNAVAILABLE;
    call->request = connection_send(connection, ask);
    delay_add(&calls->answers, &call->wait, now_ns);
    return STATUS_OK;
}

static void end_call(struct calls *calls, struct call *call, bool is_granted,
                     int64_t now_ns)
{
    if (calls->plan->per_second <= 0)
        delay_add(is_granted ? &calls->ready : &calls->pauses,
                  &call->client->pause, now_ns);
    calls->under_way--;
    free(call);
}

static void end_check(struct calls *calls, struct call *call,
                      enum status_code error, const struct answer *answer,
                      int64_t now_ns)
{
    const struct journal_check line = {
        .number = call->number,
        .quota = call->quota,
        .server = call->client->server,
        .due_ns = call->due_ns,
        .sent_ns = call->sent_ns,
        .received_ns = now_ns,
        .error = error,
        .answer = *answer,
    };

    journal_check(calls->journal, &line);
    if (error == STATUS_OK && call->release.frame.len > 0)
        delay_add(&calls->holds[call->quota], &call->wait, now_ns);
    else
        end_call(calls, call, answer->is_granted, now_ns);
}

void calls_begin(struct calls *calls, struct client *client, uint32_t quota,
                 int64_t due_ns)
{
    static const struct answer none = { 0 };
    struct call *call = calloc(1, sizeof(*call));
    int64_t now_ns = race_clock_ns();
    const struct ask ask = {
        .path = MESSAGE_CHECK_PATH,
        .body = &calls->checks.items[quota],
        .owner = call,
    };
    enum status_code error;

    if (!call)
        abort();
    call->number = calls->begun++;
    call->quota = quota;
    call->client = client;
    call->due_ns = due_ns;
    call->sent_ns = now_ns;
    calls->under_way++;
    error = send_call(calls, call, &ask, now_ns);
    if (error != STATUS_OK)
        end_check(calls, call, error, &none, now_ns);
}

static void end_release(struct calls *calls, struct call *call,
                        enum status_code error, bool is_freed, int64_t now_ns)
{
    const struct journal_released line = {
        .number = call->number,
        .told_ns = now_ns,
        .error = error,
        .is_freed = is_freed,
    };

    journal_released(calls->journal, &line);
    end_call(calls, call, true, now_ns);
}

static void release(struct calls *calls, struct call *call)
{
    int64_t now_ns = race_clock_ns();
    const struct ask ask = {
        .path = MESSAGE_RELEASE_PATH,
        .body = &call->release,
        .owner = call,
    };
    enum status_code error;

    call->is_release = true;
    journal_release(calls->journal, call->number, call->wait.due_ns, now_ns);
    error = send_call(calls, call, &ask, now_ns);
    if (error != STATUS_OK)
        end_release(calls, call, error, false, now_ns);
}

/* ---- replies ------------------------------------------------------------- */

/* The gRPC code of a request at its end, as other clients have it. */
static enum status_code code_of(const struct call *call,
                                const struct request *request)
{
    if (request->state == REQUEST_ABORTED)
        return STATUS_UNAVAILABLE;
    if (request->state == REQUEST_RESET)
        return call->is_given_up ? STATUS_DEADLINE_EXCEEDED : STATUS_INTERNAL;
    if (request->http_status != 200 || request->grpc_status < 0 ||
        request->grpc_status >= GRPC_STATUS_COUNT)
        return STATUS_INTERNAL;
    return (enum status_code)request->grpc_status;
}

/* So that the lease can be released after the time that it is held. */
static void keep_lease(struct calls *calls, struct call *call,
                       const struct request *request)
{
    struct str lease = { request->lease, request->lease_bytes };
    struct str frame;

    if (lease.len == 0 || calls->plan->quotas[call->quota].hold_ns == 0)
        return;
    frame = message_release(lease, &calls->scratch);
    assert(frame.len <= sizeof(call->release_bytes));
    memcpy(call->release_bytes, frame.data, frame.len);
    call->release.frame = (struct str){ call->release_bytes, frame.len };
}

static void take_check(struct calls *calls, struct call *call,
                       const struct request *request, int64_t now_ns)
{
    enum status_code code = code_of(call, request);
    struct answer answer = { 0 };

    if (code == STATUS_OK &&
        !message_read_answer(&answer, request_message(request),
                             &calls->scratch))
        code = STATUS_INTERNAL;
    keep_lease(calls, call, request);
    end_check(calls, call, code, &answer, now_ns);
}

static void take_release(struct calls *calls, struct call *call,
                         const struct request *request, int64_t now_ns)
{
    enum status_code code = code_of(call, request);
    bool is_freed = false;

    if (code == STATUS_OK &&
        !message_read_released(&is_freed, request_message(request),
                               &calls->scratch))
        code = STATUS_INTERNAL;
    end_release(calls, call, code, is_freed, now_ns);
}

void calls_take(struct calls *calls, struct connection *connection)
{
    int64_t now_ns = race_clock_ns();
    struct request *request;

    while ((request = connection_take_ended(connection))) {
        struct call *call = request->ask.owner;

        call->request = NULL;
        delay_remove(&call->wait);
        if (call->is_release)
            take_release(calls, call, request, now_ns);
        else
            take_check(calls, call, request, now_ns);
        arena_clear(&calls->scratch);
    }
}

/* ---- what is due --------------------------------------------------------- */

static struct call *call_of(struct delayed *wait)
{
    return container_of(wait, struct call, wait);
}

static void release_due(struct calls *calls, int64_t now_ns)
{
    struct delayed *wait;

    for (uint32_t i = 0; i < calls->plan->quota_count; i++)
        while ((wait = delay_take(&calls->holds[i], now_ns)))
            release(calls, call_of(wait));
}

static void give_up_due(struct calls *calls, int64_t now_ns)
{
    struct delayed *wait;

    while ((wait = delay_take(&calls->answers, now_ns))) {
        struct call *call = call_of(wait);

        call->is_given_up = true;
        connection_cancel(call->client->connection, call->request);
    }
}

void calls_act(struct calls *calls, int64_t now_ns)
{
    release_due(calls, now_ns);
    give_up_due(calls, now_ns);
}

int64_t calls_due_ns(const struct calls *calls)
{
    int64_t due_ns = delay_due_ns(&calls->answers);

    for (uint32_t i = 0; i < calls->plan->quota_count; i++)
        if (delay_due_ns(&calls->holds[i]) < due_ns)
            due_ns = delay_due_ns(&calls->holds[i]);
    return due_ns;
}
