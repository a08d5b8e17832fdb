#include "proto/server/call/call.h"

#include "proto/server/call/action.h"
#include "proto/server/call/tally.h"
#include "proto/server/call/why.h"
#include "proto/server/call/worker.h"

#include <assert.h>
#include <stdlib.h>

/* Free slots that are kept; more are there only under a burst. */
#define FREE_MAX 1024
/* Calls beyond max_calls that may be on their way to being refused. */
#define REFUSALS_MAX 256

/* What a call may use: a few times its message, for the decoded form, the
 * decision and the reply. */
#define MEMORY_FACTOR 8
#define MEMORY_BASE_BYTES ((size_t)256 * 1024)

static void on_accepted(struct tag *tag, bool ok);
static void on_replied(struct tag *tag, bool ok);

static struct worker *worker_of(const struct call *call)
{
    return call->endpoint->worker;
}

/* ---- slots ------------------------------------------------------------- */

static struct call *new_slot(void)
{
    struct call *call = calloc(1, sizeof(*call));

    if (!call)
        abort();
    call->accepted.run = on_accepted;
    call->replied.run = on_replied;
    rpc_init(&call->rpc);
    arena_init(&call->arena, MEMORY_BASE_BYTES);
    return call;
}

static void free_slot(struct call *call)
{
    rpc_fini(&call->rpc);
    arena_fini(&call->arena);
    free(call);
}

static struct call *take_slot(struct calls *calls)
{
    struct call *call = calls->free;

    if (!call)
        return new_slot();
    calls->free = call->next_free;
    calls->free_count--;
    return call;
}

static void put_slot(struct calls *calls, struct call *call)
{
    if (calls->free_count == FREE_MAX) {
        free_slot(call);
        return;
    }
    call->next_free = calls->free;
    calls->free = call;
    calls->free_count++;
}

void calls_init(struct calls *calls)
{
    *calls = (struct calls){ 0 };
}

void calls_fini(struct calls *calls)
{
    assert(calls->in_progress == 0);
    while (calls->free)
        free_slot(take_slot(calls));
}

void endpoint_init(struct endpoint *endpoint, const struct service *service,
                   struct worker *worker)
{
    *endpoint = (struct endpoint){
        .service = service,
        .worker = worker,
        .method = core_register(&worker->core, service->path),
    };
}

/* Beyond this, callers wait in the C core until others are done. */
static bool has_room(struct worker *worker)
{
    const struct served *served = worker->serving.current;

    return worker->calls.in_progress <
           served->snapshot->server.max_calls + REFUSALS_MAX;
}

void endpoint_arm(struct endpoint *endpoint)
{
    struct worker *worker = endpoint->worker;

    while (endpoint->armed_count < endpoint->service->armed_count &&
           has_room(worker) && !core_is_stopping(&worker->core)) {
        struct call *call = take_slot(&worker->calls);

        call->endpoint = endpoint;
        endpoint->armed_count++;
        rpc_await(&call->rpc, &worker->core, endpoint->method, &call->accepted);
    }
}

static void set_in_progress(struct worker *worker, uint32_t count)
{
    worker->calls.in_progress = count;
    atomic_store_explicit(&worker->block->calls_in_progress, count,
                          memory_order_relaxed);
}

void call_finish(struct call *call)
{
    struct worker *worker = worker_of(call);

    rpc_close(&call->rpc);
    arena_clear(&call->arena);
    serving_unpin(&worker->serving, call->served);
    set_in_progress(worker, worker->calls.in_progress - 1);
    put_slot(&worker->calls, call);
    /* Any of them may have found no room before. */
    for (uint32_t i = 0; i < worker->endpoint_count; i++)
        endpoint_arm(&worker->endpoints[i]);
    core_end(&worker->core);
}

/* ---- the reply --------------------------------------------------------- */

enum action call_refuse(struct call *call, enum status_code code,
                        const char *details)
{
    call->code = code;
    call->details = details;
    return ACTION_REFUSE;
}

static void refuse_as(struct call *call, enum verdict verdict,
                      enum status_code code, const char *details)
{
    tally_verdict(call, verdict);
    call->code = code;
    rpc_reply(&call->rpc, (struct str){ 0 }, code, str_of(details),
              &call->replied);
}

void call_reply_refusal(struct call *call, enum status_code code,
                        const char *details)
{
    refuse_as(call, VERDICT_INVALID, code, details);
}

void call_reply_no_memory(struct call *call)
{
    call_reply_refusal(call, STATUS_RESOURCE_EXHAUSTED,
                       "the request is too large to be answered");
}

void call_reply(struct call *call)
{
    struct str message = call->endpoint->service->encode(call);

    if (!message.data) {
        call_reply_no_memory(call);
        return;
    }
    tally_check(call);
    why_tell(call);
    rpc_reply(&call->rpc, message, STATUS_OK, (struct str){ 0 },
              &call->replied);
}

static void on_replied(struct tag *tag, bool ok)
{
    struct call *call = container_of(tag, struct call, replied);
    bool is_heard = !call->rpc.was_cancelled && call->code == STATUS_OK;

    assert(ok);
    call->is_replied = true;
    tally_reply(call, worker_of(call)->core.now_ns);
    if (call->is_taken && !is_heard)
        action_undo(call);
    else
        call_finish(call);
}

/* ---- the beginning ----------------------------------------------------- */

/* Whether the call gets no work at all. */
static bool turn_away(struct call *call)
{
    struct worker *worker = worker_of(call);
    const struct server_settings *settings = &call->served->snapshot->server;

    if (!call->endpoint->service->is_urgent &&
        (core_is_overloaded(&worker->core, settings->max_delay_ns) ||
         worker->calls.in_progress > settings->max_calls)) {
        refuse_as(call, VERDICT_OVERLOADED, STATUS_UNAVAILABLE, "overloaded");
        return true;
    }
    if (rpc_is_expired(&call->rpc)) {
        refuse_as(call, VERDICT_EXPIRED, STATUS_DEADLINE_EXCEEDED,
                  "it came too late");
        return true;
    }
    return false;
}

static enum action understand(struct call *call)
{
    struct str body;

    switch (rpc_body(&call->rpc, &call->arena, &body)) {
    case RPC_BODY_READ:
        return call->endpoint->service->decode(call, body);
    case RPC_BODY_ABSENT:
        return call_refuse(call, STATUS_INVALID_ARGUMENT,
                           "there is no message");
    case RPC_BODY_COMPRESSED:
        return call_refuse(call, STATUS_UNIMPLEMENTED,
                           "compressed messages are not supported");
    case RPC_BODY_TOO_LARGE:
        return call_refuse(call, STATUS_RESOURCE_EXHAUSTED,
                           "the message is too large");
    }
    abort();
}

/* Nothing of the slot's former call is left after this. */
static void begin(struct call *call)
{
    struct worker *worker = worker_of(call);
    const struct server_settings *settings;

    core_begin(&worker->core);
    serving_turn(&worker->serving);
    call->served = serving_pin(&worker->serving);
    settings = &call->served->snapshot->server;
    call->accepted_ns = worker->core.now_ns;
    call->arena.limit_bytes =
        MEMORY_FACTOR * settings->max_message_bytes + MEMORY_BASE_BYTES;
    call->request = NULL;
    call->asks = NULL;
    call->ask_count = 0;
    call->deduplication_id = call->handle = (struct str){ 0 };
    call->giving_count = 0;
    call->code = STATUS_OK;
    call->released = 0;
    call->is_taken = call->is_replied = call->has_outage = false;
    COUNT(worker->block->calls_total, 1);
    set_in_progress(worker, worker->calls.in_progress + 1);
}

static void on_accepted(struct tag *tag, bool ok)
{
    struct call *call = container_of(tag, struct call, accepted);
    struct endpoint *endpoint = call->endpoint;

    endpoint->armed_count--;
    if (!ok) {
        put_slot(&endpoint->worker->calls, call);
        return;
    }
    begin(call);
    endpoint_arm(endpoint);
    if (!turn_away(call))
        action_run(call, understand(call));
}
