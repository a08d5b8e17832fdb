#include "proto/server/doors/mixer.h"

#include "proto/server/call/call.h"
#include "proto/server/call/worker.h"
#include "proto/wire/mixer.h"

/* The answer to a message that was not understood. */
static enum action refuse(struct call *call, enum mixer_decode result)
{
    return call_refuse(call,
                       result == MIXER_TOO_LARGE ? STATUS_RESOURCE_EXHAUSTED
                                                 : STATUS_INVALID_ARGUMENT,
                       mixer_decode_message(result));
}

static enum action decode_check(struct call *call, struct str body)
{
    const struct served *served = call->served;
    struct mixer_request *request = arena_alloc(&call->arena, sizeof(*request));
    enum mixer_decode result = MIXER_TOO_LARGE;

    if (request &&
        bag_init(&call->bag, served->snapshot->vocabulary, &call->arena))
        result = mixer_decode_check(body, &served->words, request, &call->bag);
    if (result != MIXER_DECODED)
        return refuse(call, result);
    call->request = request;
    call->asks = request->asks;
    call->ask_count = request->ask_count;
    call->deduplication_id = request->deduplication_id;
    return ACTION_CHECK;
}

static struct str encode_check(struct call *call)
{
    struct str message = mixer_encode_check(&call->check, call->request,
                                            &call->served->words, &call->arena);

    if (message.data && call->handle.len > 0)
        rpc_add_trailer(&call->rpc, "sluice-lease", call->handle);
    return message;
}

static enum action decode_report(struct call *call, struct str body)
{
    struct worker_block *block = call->endpoint->worker->block;
    uint32_t entries;
    enum mixer_decode result =
        mixer_decode_report(body, &call->arena, &entries);

    if (result != MIXER_DECODED)
        return refuse(call, result);
    COUNT(block->reports, 1);
    COUNT(block->report_entries, entries);
    return ACTION_NONE;
}

/* A ReportResponse has no fields. */
static struct str encode_report(struct call *call)
{
    (void)call;
    return STR("");
}

const struct service service_mixer_check = {
    .path = "/istio.mixer.v1.Mixer/Check",
    .door = DOOR_MIXER,
    .armed_count = 64,
    .decode = decode_check,
    .encode = encode_check,
};

const struct service service_mixer_report = {
    .path = "/istio.mixer.v1.Mixer/Report",
    .door = DOOR_NONE,
    .armed_count = 16,
    .decode = decode_report,
    .encode = encode_report,
};
