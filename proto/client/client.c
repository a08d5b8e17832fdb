#include "proto/client/client.h"

#include "proto/wire/policy.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <assert.h>
#include <stdlib.h>

#define LEASE_KEY "sluice-lease"
#define DECISION_KEY "sluice-decision"
#define EXPLAIN_KEY "sluice-explain"

struct client {
    grpc_channel *channel;
    grpc_completion_queue *queue; /* of the one call at a time */
    int64_t timeout_ns;
};

/* ---- the connection ---------------------------------------------------- */

static grpc_arg off(const char *name)
{
    return (grpc_arg){
        .type = GRPC_ARG_INTEGER,
        .key = (char *)(uintptr_t)name,
        .value.integer = 0,
    };
}

static grpc_channel *create_channel(const char *address)
{
    grpc_arg args[] = {
        /* A call may charge a quota: it is sent once or not at all. */
        off(GRPC_ARG_ENABLE_RETRIES),
        /* A proxy for the web is no way to a policy server. */
        off(GRPC_ARG_ENABLE_HTTP_PROXY),
    };
    grpc_channel_args all = { sizeof(args) / sizeof(args[0]), args };
    grpc_channel_credentials *none = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(address, none, &all);

    grpc_channel_credentials_release(none);
    return channel;
}

struct client *client_new(const struct client_options *options)
{
    struct client *client = malloc(sizeof(*client));

    if (!client)
        abort();
    grpc_init();
    client->channel = create_channel(options->address);
    client->queue = grpc_completion_queue_create_for_pluck(NULL);
    client->timeout_ns = options->timeout_ns;
    return client;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    grpc_channel_destroy(client->channel);
    grpc_completion_queue_shutdown(client->queue);
    grpc_completion_queue_destroy(client->queue);
    free(client);
    grpc_shutdown_blocking();
}

static void drop_message(gpr_log_func_args *args)
{
    (void)args;
}

void client_silence_library(void)
{
    gpr_set_log_function(drop_message);
}

/* ---- one call ---------------------------------------------------------- */

/* What the library fills in. */
struct call {
    grpc_call *handle; /* owns the metadata's text */
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *message;
    grpc_status_code status;
    grpc_slice details;
};

/* What is asked. */
struct question {
    const char *method;
    struct str body;
    bool wants_explanation;
};

struct reply {
    struct str body;
    struct str lease, decision, explanation; /* empty: not told */
};

static struct str copy_slice(grpc_slice slice, struct arena *arena)
{
    struct str bytes = { (const char *)GRPC_SLICE_START_PTR(slice),
                         GRPC_SLICE_LENGTH(slice) };

    return arena_copy(arena, bytes);
}

static struct str copy_buffer(grpc_byte_buffer *buffer, struct arena *arena)
{
    grpc_byte_buffer_reader reader;
    struct str body = { 0 };
    grpc_slice all;

    if (!buffer || !grpc_byte_buffer_reader_init(&reader, buffer))
        return body;
    all = grpc_byte_buffer_reader_readall(&reader);
    body = copy_slice(all, arena);
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    return body;
}

static struct str copy_trailer(const grpc_metadata_array *trailing,
                               const char *key, struct arena *arena)
{
    for (size_t i = 0; i < trailing->count; i++)
        if (grpc_slice_str_cmp(trailing->metadata[i].key, key) == 0)
            return copy_slice(trailing->metadata[i].value, arena);
    return STR("");
}

static grpc_call *create_call(struct client *client, const char *method)
{
    gpr_timespec timeout =
        gpr_time_from_nanos(client->timeout_ns, GPR_TIMESPAN);
    gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), timeout);

    return grpc_channel_create_call(
        client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, client->queue,
        grpc_slice_from_static_string(method), NULL, deadline, NULL);
}

static void run(struct client *client, bool wants_explanation,
                grpc_byte_buffer *request, struct call *call)
{
    grpc_metadata wish = {
        .key = grpc_slice_from_static_string(EXPLAIN_KEY),
        .value = grpc_slice_from_static_string("1"),
    };
    grpc_op ops[] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA,
          .data.send_initial_metadata = { .count = wants_explanation,
                                          .metadata = &wish } },
        { .op = GRPC_OP_SEND_MESSAGE,
          .data.send_message.send_message = request },
        { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
        { .op = GRPC_OP_RECV_INITIAL_METADATA,
          .data.recv_initial_metadata.recv_initial_metadata = &call->initial },
        { .op = GRPC_OP_RECV_MESSAGE,
          .data.recv_message.recv_message = &call->message },
        { .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
          .data.recv_status_on_client = { .trailing_metadata = &call->trailing,
                                          .status = &call->status,
                                          .status_details = &call->details } },
    };
    grpc_call_error error = grpc_call_start_batch(
        call->handle, ops, sizeof(ops) / sizeof(ops[0]), call, NULL);

    assert(error == GRPC_CALL_OK);
    /* The call's own deadline ends the wait. */
    grpc_completion_queue_pluck(client->queue, call,
                                gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

static struct client_result failed(enum status_code code, const char *message)
{
    return (struct client_result){ code, str_of(message) };
}

static struct client_result read_call(const struct call *call,
                                      struct arena *arena, struct reply *reply)
{
    if (call->status != GRPC_STATUS_OK)
        return (struct client_result){
            call->status <= GRPC_STATUS_UNAUTHENTICATED
                ? (enum status_code)call->status /* the same numbers */
                : STATUS_UNKNOWN,
            copy_slice(call->details, arena),
        };
    reply->body = copy_buffer(call->message, arena);
    if (!reply->body.data)
        return failed(STATUS_INTERNAL, "the answer is missing");
    reply->lease = copy_trailer(&call->trailing, LEASE_KEY, arena);
    reply->decision = copy_trailer(&call->trailing, DECISION_KEY, arena);
    reply->explanation = copy_trailer(&call->trailing, EXPLAIN_KEY, arena);
    return failed(STATUS_OK, "");
}

static struct client_result ask(struct client *client,
                                const struct question *question,
                                struct arena *arena, struct reply *reply)
{
    grpc_slice bytes =
        grpc_slice_from_copied_buffer(question->body.data, question->body.len);
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(&bytes, 1);
    struct call call = {
        .handle = create_call(client, question->method),
        .details = grpc_empty_slice(),
    };
    struct client_result result;

    grpc_slice_unref(bytes);
    grpc_metadata_array_init(&call.initial);
    grpc_metadata_array_init(&call.trailing);
    run(client, question->wants_explanation, request, &call);
    result = read_call(&call, arena, reply);
    grpc_metadata_array_destroy(&call.initial);
    grpc_metadata_array_destroy(&call.trailing);
    grpc_call_unref(call.handle);
    grpc_byte_buffer_destroy(call.message);
    grpc_slice_unref(call.details);
    grpc_byte_buffer_destroy(request);
    return result;
}

/* ---- methods ----------------------------------------------------------- */

struct client_result client_check(struct client *client,
                                  const struct client_question *question,
                                  struct arena *arena,
                                  struct client_answer *answer)
{
    const struct question check = {
        .method = "/istio.mixer.v1.Mixer/Check",
        .body = mixer_encode_request(question->attributes,
                                     question->attribute_count,
                                     &question->request, arena),
        .wants_explanation = question->wants_explanation,
    };
    struct client_result result;
    struct reply reply;

    if (!check.body.data)
        return failed(STATUS_INVALID_ARGUMENT,
                      "an attribute is no text in UTF-8");
    result = ask(client, &check, arena, &reply);
    if (result.code != STATUS_OK)
        return result;
    if (!mixer_decode_response(reply.body, &answer->response, arena))
        return failed(STATUS_INTERNAL, "the answer cannot be read");
    answer->lease = reply.lease;
    answer->decision = reply.decision;
    answer->explanation = reply.explanation;
    return result;
}

struct client_result client_release(struct client *client,
                                    const struct str *handles, uint32_t count,
                                    struct arena *arena, int64_t *released)
{
    const struct question release = {
        .method = "/sluice.v1.Policy/Release",
        .body = policy_encode_release_request(handles, count, arena),
    };
    struct client_result result;
    struct reply reply;

    result = ask(client, &release, arena, &reply);
    if (result.code == STATUS_OK &&
        !policy_decode_release_response(reply.body, arena, released))
        return failed(STATUS_INTERNAL, "the answer cannot be read");
    return result;
}
