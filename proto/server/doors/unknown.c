#include "proto/server/doors/unknown.h"

#include "proto/server/call/worker.h"

#include <assert.h>

static void await(struct unknown *unknown)
{
    struct core *core = &unknown->worker->core;
    grpc_call_error error;

    if (core_is_stopping(core))
        return;
    error = grpc_server_request_call(
        core->server, &unknown->rpc.core, &unknown->details,
        &unknown->rpc.metadata, core->queue, core->queue, &unknown->accepted);
    assert(error == GRPC_CALL_OK);
}

static void on_accepted(struct tag *tag, bool ok)
{
    struct unknown *unknown = container_of(tag, struct unknown, accepted);
    struct worker *worker = unknown->worker;

    if (!ok)
        return;
    core_begin(&worker->core);
    COUNT(worker->block->unknown_methods, 1);
    rpc_reply(&unknown->rpc, (struct str){ 0 }, STATUS_UNIMPLEMENTED,
              STR("there is no such method"), &unknown->replied);
}

static void on_replied(struct tag *tag, bool ok)
{
    struct unknown *unknown = container_of(tag, struct unknown, replied);

    assert(ok);
    rpc_close(&unknown->rpc);
    grpc_call_details_destroy(&unknown->details);
    grpc_call_details_init(&unknown->details);
    await(unknown);
    core_end(&unknown->worker->core);
}

void unknowns_init(struct unknowns *unknowns, struct worker *worker)
{
    for (unsigned i = 0; i < UNKNOWNS; i++) {
        struct unknown *unknown = &unknowns->slots[i];

        unknown->accepted.run = on_accepted;
        unknown->replied.run = on_replied;
        unknown->worker = worker;
        rpc_init(&unknown->rpc);
        grpc_call_details_init(&unknown->details);
    }
}

void unknowns_fini(struct unknowns *unknowns)
{
    for (unsigned i = 0; i < UNKNOWNS; i++) {
        rpc_fini(&unknowns->slots[i].rpc);
        grpc_call_details_destroy(&unknowns->slots[i].details);
    }
}

void unknowns_arm(struct unknowns *unknowns)
{
    for (unsigned i = 0; i < UNKNOWNS; i++)
        await(&unknowns->slots[i]);
}
