#include "proto/server/call/rpc.h"

#include <assert.h>
#include <grpc/byte_buffer.h>

void rpc_init(struct rpc *rpc)
{
    *rpc = (struct rpc){ 0 };
    grpc_metadata_array_init(&rpc->metadata);
}

void rpc_fini(struct rpc *rpc)
{
    rpc_close(rpc);
    grpc_metadata_array_destroy(&rpc->metadata);
}

void rpc_await(struct rpc *rpc, struct core *core, void *method,
               struct tag *arrived)
{
    grpc_call_error error = grpc_server_request_registered_call(
        core->server, method, &rpc->core, &rpc->deadline, &rpc->metadata,
        &rpc->request, core->queue, core->queue, arrived);

    assert(error == GRPC_CALL_OK);
}

/* A message that came in several pieces. */
static bool join(const grpc_slice_buffer *pieces, struct arena *arena,
                 struct str *body)
{
    char *joined = arena_alloc(arena, pieces->length);

    *body = (struct str){ joined, pieces->length };
    for (size_t i = 0; joined && i < pieces->count; i++) {
        size_t length = GRPC_SLICE_LENGTH(pieces->slices[i]);

        if (length > 0)
            memcpy(joined, GRPC_SLICE_START_PTR(pieces->slices[i]), length);
        joined += length;
    }
    return joined;
}

enum rpc_body rpc_body(const struct rpc *rpc, struct arena *arena,
                       struct str *body)
{
    const grpc_slice_buffer *pieces;

    *body = (struct str){ 0 };
    if (!rpc->request)
        return RPC_BODY_ABSENT;
    /* The filter that would inflate it is off: a small message could become a
     * huge one. */
    if (rpc->request->data.raw.compression != GRPC_COMPRESS_NONE)
        return RPC_BODY_COMPRESSED;
    pieces = &rpc->request->data.raw.slice_buffer;
    if (pieces->length == 0)
        return RPC_BODY_READ;
    if (pieces->count > 1)
        return join(pieces, arena, body) ? RPC_BODY_READ : RPC_BODY_TOO_LARGE;
    body->data = (const char *)GRPC_SLICE_START_PTR(pieces->slices[0]);
    body->len = GRPC_SLICE_LENGTH(pieces->slices[0]);
    return RPC_BODY_READ;
}

bool rpc_is_expired(const struct rpc *rpc)
{
    gpr_timespec never = gpr_inf_future(rpc->deadline.clock_type);

    return gpr_time_cmp(rpc->deadline, never) != 0 &&
           gpr_time_cmp(rpc->deadline, gpr_now(rpc->deadline.clock_type)) <= 0;
}

struct str rpc_header(const struct rpc *rpc, const char *name)
{
    for (size_t i = 0; i < rpc->metadata.count; i++) {
        const grpc_metadata *header = &rpc->metadata.metadata[i];

        if (grpc_slice_str_cmp(header->key, name) == 0)
            return (struct str){
                (const char *)GRPC_SLICE_START_PTR(header->value),
                GRPC_SLICE_LENGTH(header->value),
            };
    }
    return STR("");
}

void rpc_add_trailer(struct rpc *rpc, const char *key, struct str value)
{
    assert(rpc->trailer_count < RPC_TRAILERS_MAX);
    rpc->trailers[rpc->trailer_count++] = (grpc_metadata){
        .key = grpc_slice_from_static_string(key),
        .value = grpc_slice_from_copied_buffer(value.data, value.len),
    };
}

grpc_byte_buffer *rpc_message(struct str bytes)
{
    /* A copy: the transport may still read it when the call is over. */
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes.data, bytes.len);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);

    grpc_slice_unref(slice);
    return message;
}

void rpc_reply(struct rpc *rpc, struct str message, enum status_code code,
               struct str details, struct tag *replied)
{
    grpc_slice text = grpc_slice_from_copied_buffer(details.data, details.len);
    grpc_op ops[4] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
          .data.send_status_from_server = {
              .trailing_metadata_count = rpc->trailer_count,
              .trailing_metadata = rpc->trailers,
              .status = (grpc_status_code)code,
              .status_details = details.len > 0 ? &text : NULL,
          } },
        { .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
          .data.recv_close_on_server.cancelled = &rpc->was_cancelled },
    };
    size_t count = 3;
    grpc_call_error error;

    if (message.data) {
        rpc->response = rpc_message(message);
        ops[count].op = GRPC_OP_SEND_MESSAGE;
        ops[count++].data.send_message.send_message = rpc->response;
    }
    error = grpc_call_start_batch(rpc->core, ops, count, replied, NULL);
    assert(error == GRPC_CALL_OK);
    grpc_slice_unref(text);
}

void rpc_close(struct rpc *rpc)
{
    if (rpc->core)
        grpc_call_unref(rpc->core);
    if (rpc->request)
        grpc_byte_buffer_destroy(rpc->request);
    if (rpc->response)
        grpc_byte_buffer_destroy(rpc->response);
    for (size_t i = 0; i < rpc->trailer_count; i++)
        grpc_slice_unref(rpc->trailers[i].value);
    rpc->core = NULL;
    rpc->request = rpc->response = NULL;
    rpc->trailer_count = 0;
    rpc->was_cancelled = 0;
    /* Its elements were the call's. */
    rpc->metadata.count = 0;
}
