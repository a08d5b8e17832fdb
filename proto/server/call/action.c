#include "proto/server/call/action.h"

#include "policy/base/clock.h"
#include "proto/server/call/tally.h"
#include "proto/server/call/worker.h"
#include "quota/handle.h"
#include "quota/take.h"

static struct worker *worker_of(const struct call *call)
{
    return call->endpoint->worker;
}

static int64_t store_deadline_ns(const struct call *call, int64_t now_ns)
{
    return now_ns + call->served->snapshot->store.deadline_ns;
}

/* ---- leases that go back ----------------------------------------------- */

static void all_given(struct call *call)
{
    if (call->is_replied)
        call_finish(call);
    else if (call->has_outage)
        call_reply_refusal(call, STATUS_UNAVAILABLE,
                           "the store does not answer");
    else
        call_reply(call);
}

static void given(struct giving *giving, int64_t now_ns)
{
    struct call *call = giving->call;
    struct release *release = &giving->release;

    if (release->released < 0)
        outage_missed(worker_of(call)->outage, now_ns);
    fallback_released(&worker_of(call)->fallback, release, giving->units_here,
                      now_ns);
    if (release->released < 0) {
        call->has_outage = true;
    } else {
        call->released += release->released;
        tally_release(call, release);
    }
    if (--call->pending_count == 0)
        all_given(call);
}

static void on_given(struct release *release)
{
    given(container_of(release, struct giving, release), clock_boot_ns());
}

static void give(struct call *call, struct giving *givings, uint32_t count)
{
    struct worker *worker = worker_of(call);
    int64_t now_ns = worker->core.now_ns;

    /* One more, so that it is not all over before all have begun. */
    call->pending_count = count + 1;
    for (uint32_t i = 0; i < count; i++) {
        struct release *release = &givings[i].release;

        givings[i].call = call;
        release->done = on_given;
        release->deadline_ns = store_deadline_ns(call, now_ns);
        givings[i].units_here =
            fallback_release(&worker->fallback, release, now_ns);
        if (store_release(worker->store, release, now_ns) == STORE_NOW)
            given(&givings[i], now_ns);
    }
    if (--call->pending_count == 0)
        all_given(call);
}

void action_undo(struct call *call)
{
    struct release *release = &call->returning.release;

    release->count = take_leases(&call->take, release->leases);
    COUNT(worker_of(call)->block->returned_leases, release->count);
    give(call, &call->returning, release->count > 0 ? 1 : 0);
}

/* ---- a decision -------------------------------------------------------- */

/* Names the leases that the check holds. False if memory does not suffice. */
static bool make_handle(struct call *call)
{
    struct lease_name leases[QUOTAS_PER_CHECK_MAX];
    uint32_t count = take_leases(&call->take, leases);

    if (count > 0)
        call->handle = handle_encode(leases, count, &call->arena);
    return count == 0 || call->handle.len > 0;
}

/* The store did not answer: the quotas' on_outage does. */
static void settle_outage(struct call *call, int64_t now_ns)
{
    struct worker *worker = worker_of(call);
    const struct snapshot *snapshot = call->served->snapshot;
    const struct quota_request *requests = call->check.requests;
    struct share share;
    bool is_shared = worker->fallback.memory &&
                     share_init(&share, &call->take, requests, snapshot->limits,
                                snapshot->store.replicas);

    outage_missed(worker->outage, now_ns);
    outage_count(worker->outage);
    if (is_shared)
        fallback_take(&worker->fallback, &share, &call->take, now_ns);
    take_settle(&call->take, requests, snapshot->limits,
                is_shared ? &share : NULL);
}

/* The grants are what they will be. */
static void settled(struct call *call)
{
    call->is_taken = true;
    check_finish(&call->check, call->take.grants);
    tally_quotas(call);
    if (make_handle(call))
        call_reply(call);
    else
        call_reply_no_memory(call);
}

static void taken(struct call *call, int64_t now_ns)
{
    struct worker *worker = worker_of(call);

    if (refused_is_outdated_by(&call->take))
        gate_outdate(&worker->shared->gate);
    refused_learn(&worker->refused, &call->take, &call->asked, now_ns);
    if (call->take.status == TAKE_OUTAGE)
        settle_outage(call, now_ns);
    else if (call->take.status == TAKE_GRANTED)
        fallback_returned(&worker->fallback, &call->take, now_ns);
    settled(call);
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
              call->deduplication_id);
    call->take.deadline_ns = store_deadline_ns(call, now_ns);
    call->asked = (struct refused_when){
        .generation = snapshot->generation,
        .epoch = atomic_load(&worker->shared->gate.epoch),
        .now_ns = now_ns,
    };
    call->take.done = on_taken;
    if (refused_answer(&worker->refused, &call->take, &call->asked)) {
        COUNT(worker->block->remembered_refusals, 1);
        settled(call);
    } else if (store_take(worker->store, &call->take, now_ns) == STORE_NOW) {
        taken(call, now_ns);
    }
}

/* Kept back for the reply: a request that is sized to leave no memory must not
 * turn its denial into an error, which fail-open callers let pass. */
#define REPLY_MEMORY_BYTES ((size_t)16 * 1024)

static void run_check(struct call *call)
{
    const struct ruleset *ruleset = &call->served->snapshot->ruleset;
    struct check_input input = {
        .bag = &call->bag,
        .asks = call->asks,
        .ask_count = call->ask_count,
        .wall_ns = clock_wall_ns(),
    };
    enum check_state state = check_run(&call->check, ruleset, &input);

    call->arena.limit_bytes += REPLY_MEMORY_BYTES;
    switch (state) {
    case CHECK_DENIED:
    case CHECK_DONE:
        call_reply(call);
        break;
    case CHECK_ASKS:
        ask_store(call);
        break;
    }
}

void action_run(struct call *call, enum action action)
{
    switch (action) {
    case ACTION_NONE:
        call_reply(call);
        break;
    case ACTION_CHECK:
        run_check(call);
        break;
    case ACTION_RELEASE:
        give(call, call->givings, call->giving_count);
        break;
    case ACTION_REFUSE:
        call_reply_refusal(call, call->code, call->details);
        break;
    }
}
