#include "proto/server/call.h"

#include "policy/base/clock.h"
#include "proto/server/tally.h"
#include "proto/server/worker.h"
#include "quota/handle.h"
#include "quota/take.h"

#include <assert.h>
#include <stdlib.h>

/* Free slots that are kept; more are there only under a burst. */
#define FREE_MAX 256
/* Calls beyond max_calls that may be on their way to being refused. */
#define REFUSALS_MAX 256

/* What a call may use: its message in decoded form, and as much again for the
 * decision and the reply, is a few times as long. */
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

/* The slot is free for the next call. */
static void finish(struct call *call)
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

/* ---- giving leases back ------------------------------------------------ */

static void reply(struct call *call);
static void send_refusal(struct call *call);

static void all_given(struct call *call)
{
    if (call->is_replied) {
        finish(call);
        return;
    }
    if (call->has_outage) {
        call_refuse(call, STATUS_UNAVAILABLE, "the store does not answer");
        send_refusal(call);
        return;
    }
    reply(call);
}

static void given(struct giving *giving)
{
    struct call *call = giving->call;

    if (giving->release.released < 0) {
        call->has_outage = true;
        outage_missed(worker_of(call)->outage, clock_boot_ns());
    } else {
        call->released += giving->release.released;
        tally_release(call, &giving->release);
    }
    if (--call->pending_count == 0)
        all_given(call);
}

static void on_given(struct release *release)
{
    given(container_of(release, struct giving, release));
}

/* Gives all of call->givings back to the store. */
static void give(struct call *call)
{
    struct worker *worker = worker_of(call);
    int64_t now_ns = worker->core.now_ns;
    struct giving *givings = call->givings;
    uint32_t count = call->giving_count;

    /* One more, so that it is not all over before all have begun. */
    call->pending_count = count + 1;
    for (uint32_t i = 0; i < count; i++) {
        struct giving *giving = &givings[i];

        giving->call = call;
        giving->release.done = on_given;
        giving->release.deadline_ns =
            now_ns + call->served->snapshot->store.deadline_ns;
        if (store_release(worker->store, &giving->release, now_ns) == STORE_NOW)
            given(giving);
    }
    if (--call->pending_count == 0)
        all_given(call);
}

/* A rate stays charged; a slot that nobody knows of would be lost until its
 * lease ends. */
static void return_leases(struct call *call)
{
    struct release *release = &call->returning.release;

    release->count = take_leases(&call->take, release->leases);
    if (release->count == 0) {
        finish(call);
        return;
    }
    COUNT(worker_of(call)->block->returned_leases, release->count);
    call->givings = &call->returning;
    call->giving_count = 1;
    give(call);
}

/* ---- the reply --------------------------------------------------------- */

enum wish call_refuse(struct call *call, enum status_code code,
                      const char *details)
{
    call->code = code;
    call->details = details;
    return WISH_REFUSAL;
}

static void send_refusal(struct call *call)
{
    rpc_reply(&call->rpc, (struct str){ 0 }, call->code, str_of(call->details),
              &call->replied);
}

static void refuse_as(struct call *call, enum verdict verdict)
{
    tally_verdict(call, verdict);
    send_refusal(call);
}

static void reply(struct call *call)
{
    struct str message = call->endpoint->service->encode(call);

    if (!message.data) {
        call_refuse(call, STATUS_RESOURCE_EXHAUSTED,
                    "the request is too large to be answered");
        refuse_as(call, VERDICT_INVALID);
        return;
    }
    tally_check(call);
    rpc_reply(&call->rpc, message, STATUS_OK, (struct str){ 0 },
              &call->replied);
}

static void on_replied(struct tag *tag, bool ok)
{
    struct call *call = container_of(tag, struct call, replied);
    bool is_unheard = call->rpc.was_cancelled || call->code != STATUS_OK;

    assert(ok);
    call->is_replied = true;
    tally_reply(call, worker_of(call)->core.now_ns);
    if (is_unheard && call->is_taken)
        return_leases(call);
    else
        finish(call);
}

/* ---- a check ----------------------------------------------------------- */

/* Names the leases that the check holds. False if memory does not suffice. */
static bool make_handle(struct call *call)
{
    struct lease_name leases[QUOTAS_PER_CHECK_MAX];
    uint32_t count = take_leases(&call->take, leases);

    if (count > 0)
        call->handle = handle_encode(leases, count, &call->arena);
    return count == 0 || call->handle.len > 0;
}

static void note_answer(struct call *call, int64_t now_ns)
{
    struct outage *outage = worker_of(call)->outage;

    if (call->take.status == TAKE_OUTAGE) {
        outage_missed(outage, now_ns);
        outage_count(outage);
    } else {
        outage_answered(outage, now_ns);
    }
}

static void taken(struct call *call, int64_t now_ns)
{
    call->is_taken = true;
    note_answer(call, now_ns);
    take_settle(&call->take, call->check.requests,
                call->served->snapshot->limits);
    check_finish(&call->check, call->take.grants);
    tally_quotas(call);
    if (make_handle(call)) {
        reply(call);
        return;
    }
    call_refuse(call, STATUS_RESOURCE_EXHAUSTED,
                "the request is too large to be answered");
    refuse_as(call, VERDICT_INVALID);
}

static void on_taken(struct take *take)
{
    struct call *call = container_of(take, struct call, take);
    int64_t now_ns = clock_boot_ns();

    histogram_record(&worker_of(call)->block->store_latency,
                     now_ns - call->accepted_ns);
    taken(call, now_ns);
}

static void ask_store(struct call *call)
{
    struct worker *worker = worker_of(call);
    const struct snapshot *snapshot = call->served->snapshot;
    int64_t now_ns = worker->core.now_ns;

    take_init(&call->take, worker->store, call->check.requests,
              call->check.request_count, snapshot->limits,
              call->deduplication_id, now_ns + snapshot->store.deadline_ns);
    call->take.done = on_taken;
    if (store_take(worker->store, &call->take, now_ns) == STORE_NOW)
        taken(call, now_ns);
}

static void run_check(struct call *call)
{
    const struct ruleset *ruleset = &call->served->snapshot->ruleset;

    switch (check_run(&call->check, ruleset, &call->bag, call->asks,
                      call->ask_count)) {
    case CHECK_DENIED:
    case CHECK_DONE:
        reply(call);
        break;
    case CHECK_ASKS:
        ask_store(call);
        break;
    }
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
        call_refuse(call, STATUS_UNAVAILABLE, "overloaded");
        refuse_as(call, VERDICT_OVERLOADED);
        return true;
    }
    if (rpc_is_expired(&call->rpc)) {
        call_refuse(call, STATUS_DEADLINE_EXCEEDED, "it came too late");
        refuse_as(call, VERDICT_EXPIRED);
        return true;
    }
    return false;
}

static enum wish understand(struct call *call)
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

static void fulfil(struct call *call, enum wish wish)
{
    switch (wish) {
    case WISH_NOTHING:
        reply(call);
        break;
    case WISH_CHECK:
        run_check(call);
        break;
    case WISH_RELEASE:
        give(call);
        break;
    case WISH_REFUSAL:
        refuse_as(call, VERDICT_INVALID);
        break;
    }
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
        fulfil(call, understand(call));
}
