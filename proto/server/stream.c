#include "proto/server/stream.h"

#include "proto/server/rpc.h"
#include "proto/server/service.h"
#include "proto/server/worker.h"
#include "proto/wire/health.h"

#include <assert.h>
#include <stdlib.h>

#define ARMED_COUNT 4
#define SCRATCH_BYTES ((size_t)64 * 1024)

struct stream {
    struct tag accepted, sent, closed;
    struct list link; /* in streams->open */
    struct streams *streams;
    struct rpc rpc;
    bool is_sending; /* `sent` is to come */
    bool is_closed;  /* `closed` came, or never will */
    bool is_ended;   /* its status is sent, or on its way */
};

static void free_stream(struct stream *stream)
{
    rpc_fini(&stream->rpc);
    free(stream);
}

static void set_open_count(struct streams *streams, uint32_t count)
{
    streams->open_count = count;
    atomic_store_explicit(&streams->worker->block->open_streams, count,
                          memory_order_relaxed);
}

static void end_if_over(struct stream *stream)
{
    struct streams *streams = stream->streams;

    if (stream->is_sending || !stream->is_closed)
        return;
    list_remove(&stream->link);
    set_open_count(streams, streams->open_count - 1);
    free_stream(stream);
    core_end(&streams->worker->core);
}

static void start(struct stream *stream, const grpc_op *ops, size_t count,
                  struct tag *tag)
{
    grpc_call_error error =
        grpc_call_start_batch(stream->rpc.core, ops, count, tag, NULL);

    assert(error == GRPC_CALL_OK);
}

/* A message with `status`, together with one other operation. */
static void send_status(struct stream *stream, enum health_status status,
                        grpc_op other)
{
    struct arena *scratch = &stream->streams->scratch;
    struct str message = health_encode(status, scratch);
    grpc_op ops[] = { other, { .op = GRPC_OP_SEND_MESSAGE } };

    assert(message.data);
    stream->rpc.response = rpc_message(message);
    arena_clear(scratch);
    ops[1].data.send_message.send_message = stream->rpc.response;
    stream->is_sending = true;
    start(stream, ops, 2, &stream->sent);
}

static void say_goodbye(struct stream *stream)
{
    grpc_slice details = grpc_slice_from_static_string("the server drains");
    grpc_op status = {
        .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
        .data.send_status_from_server = {
            .status = GRPC_STATUS_UNAVAILABLE,
            .status_details = &details,
        },
    };

    if (stream->is_sending || stream->is_ended)
        return;
    stream->is_ended = true;
    send_status(stream, HEALTH_NOT_SERVING, status);
}

static void on_sent(struct tag *tag, bool ok)
{
    struct stream *stream = container_of(tag, struct stream, sent);

    (void)ok; /* where it could not be sent, `closed` comes too */
    stream->is_sending = false;
    if (stream->rpc.response)
        grpc_byte_buffer_destroy(stream->rpc.response);
    stream->rpc.response = NULL;
    if (stream->streams->is_draining && !stream->is_closed)
        say_goodbye(stream);
    end_if_over(stream);
}

static void on_closed(struct tag *tag, bool ok)
{
    struct stream *stream = container_of(tag, struct stream, closed);

    (void)ok; /* always true */
    stream->is_closed = true;
    end_if_over(stream);
}

static void refuse(struct stream *stream, enum status_code code,
                   struct str details)
{
    /* The batch waits for the close as well. */
    stream->is_sending = stream->is_closed = stream->is_ended = true;
    rpc_reply(&stream->rpc, (struct str){ 0 }, code, details, &stream->sent);
}

static bool read_name(struct stream *stream, struct str *name)
{
    struct arena *scratch = &stream->streams->scratch;
    struct str body;

    return rpc_body(&stream->rpc, scratch, &body) == RPC_BODY_READ &&
           health_decode(body, scratch, name);
}

static void begin(struct stream *stream)
{
    struct streams *streams = stream->streams;
    struct core *core = &streams->worker->core;
    enum health_status status = HEALTH_SERVICE_UNKNOWN;
    grpc_op hello = { .op = GRPC_OP_SEND_INITIAL_METADATA };
    grpc_op close = {
        .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
        .data.recv_close_on_server.cancelled = &stream->rpc.was_cancelled,
    };
    struct str name;

    if (!read_name(stream, &name)) {
        refuse(stream, STATUS_INVALID_ARGUMENT,
               STR("the message is malformed"));
        arena_clear(&streams->scratch);
        return;
    }
    if (service_is_known(name))
        status = core_is_stopping(core) ? HEALTH_NOT_SERVING : HEALTH_SERVING;
    arena_clear(&streams->scratch);
    start(stream, &close, 1, &stream->closed);
    send_status(stream, status, hello);
}

static void await(struct streams *streams);

static void on_accepted(struct tag *tag, bool ok)
{
    struct stream *stream = container_of(tag, struct stream, accepted);
    struct streams *streams = stream->streams;
    struct worker *worker = streams->worker;
    const struct served *served = worker->serving.current;

    if (!ok) {
        free_stream(stream);
        return;
    }
    core_begin(&worker->core);
    list_append(&streams->open, &stream->link);
    set_open_count(streams, streams->open_count + 1);
    await(streams);
    if (streams->open_count > served->snapshot->server.max_streams)
        refuse(stream, STATUS_RESOURCE_EXHAUSTED, STR("too many streams"));
    else
        begin(stream);
}

static void await(struct streams *streams)
{
    struct core *core = &streams->worker->core;
    struct stream *stream;

    if (core_is_stopping(core))
        return;
    stream = calloc(1, sizeof(*stream));
    if (!stream)
        abort();
    stream->accepted.run = on_accepted;
    stream->sent.run = on_sent;
    stream->closed.run = on_closed;
    stream->streams = streams;
    rpc_init(&stream->rpc);
    rpc_await(&stream->rpc, core, streams->method, &stream->accepted);
}

void streams_init(struct streams *streams, struct worker *worker)
{
    *streams = (struct streams){
        .worker = worker,
        .method = core_register(&worker->core, HEALTH_WATCH_PATH),
    };
    list_init(&streams->open);
    arena_init(&streams->scratch, SCRATCH_BYTES);
}

void streams_fini(struct streams *streams)
{
    assert(list_is_empty(&streams->open));
    arena_fini(&streams->scratch);
}

void streams_arm(struct streams *streams)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++)
        await(streams);
}

void streams_drain(struct streams *streams)
{
    struct list *link = streams->open.next;

    if (streams->is_draining)
        return;
    streams->is_draining = true;
    for (; link != &streams->open; link = link->next)
        say_goodbye(container_of(link, struct stream, link));
}
