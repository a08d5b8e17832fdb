#include "bench/echo/worker.h"

#include "policy/base/arena.h"
#include "policy/base/list.h"
#include "proto/server/call/core.h"
#include "proto/server/shared/control.h"
#include "proto/wire/message.h"

#include "mixer/v1/mixer.pb-c.h"
#include <assert.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Awaited at a time, or being answered; more cost, fewer wait. */
#define CALL_COUNT 128

struct echo {
    struct core core;
    void *check; /* the method */
};

/* A slot, used again and again. Threads: the call thread. */
struct call {
    struct tag arrived, replied;
    struct echo *echo;
    struct arena arena;
    grpc_call *core;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request, *response;
    int was_cancelled;
};

static void await_call(struct call *call)
{
    struct core *core = &call->echo->core;
    grpc_call_error error = grpc_server_request_registered_call(
        core->server, call->echo->check, &call->core, &call->deadline,
        &call->metadata, &call->request, core->queue, core->queue,
        &call->arrived);

    assert(error == GRPC_CALL_OK);
}

/* ---- the answer ---------------------------------------------------------- */

static bool is_check(grpc_byte_buffer *request, struct arena *arena)
{
    grpc_byte_buffer_reader reader;
    grpc_slice bytes;
    struct str body;
    bool is_good;

    if (!request || !grpc_byte_buffer_reader_init(&reader, request))
        return false;
    bytes = grpc_byte_buffer_reader_readall(&reader);
    body = (struct str){ (const char *)GRPC_SLICE_START_PTR(bytes),
                         GRPC_SLICE_LENGTH(bytes) };
    is_good = message_unpack(&istio__mixer__v1__check_request__descriptor, body,
                             arena) != NULL;
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    return is_good;
}

/* OK, for a minute or 10,000 uses. */
static grpc_byte_buffer *make_response(struct arena *arena)
{
    Istio__Mixer__V1__CheckResponse response =
        ISTIO__MIXER__V1__CHECK_RESPONSE__INIT;
    Istio__Mixer__V1__CheckResponse__PreconditionResult precondition =
        ISTIO__MIXER__V1__CHECK_RESPONSE__PRECONDITION_RESULT__INIT;
    Google__Protobuf__Duration minute = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Rpc__Status status;
    grpc_byte_buffer *buffer;
    grpc_slice slice;
    struct str bytes;

    google__rpc__status__init(&status);
    minute.seconds = 60;
    precondition.status = &status;
    precondition.valid_duration = &minute;
    precondition.valid_use_count = 10000;
    response.precondition = &precondition;
    bytes = message_pack(&response.base, arena);
    slice = grpc_slice_from_copied_buffer(bytes.data, bytes.len);
    buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static void reply(struct call *call, grpc_status_code status)
{
    grpc_op ops[] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_MESSAGE,
          .data.send_message.send_message = call->response },
        { .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
          .data.send_status_from_server.status = status },
        { .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
          .data.recv_close_on_server.cancelled = &call->was_cancelled },
    };
    grpc_call_error error = grpc_call_start_batch(
        call->core, ops, sizeof(ops) / sizeof(ops[0]), &call->replied, NULL);

    assert(error == GRPC_CALL_OK);
}

static void on_arrived(struct tag *tag, bool ok)
{
    struct call *call = container_of(tag, struct call, arrived);
    bool is_good;

    assert(ok);
    is_good = is_check(call->request, &call->arena);
    call->response = make_response(&call->arena);
    reply(call, is_good ? GRPC_STATUS_OK : GRPC_STATUS_INVALID_ARGUMENT);
}

static void on_replied(struct tag *tag, bool ok)
{
    struct call *call = container_of(tag, struct call, replied);

    assert(ok);
    grpc_call_unref(call->core);
    grpc_byte_buffer_destroy(call->request);
    grpc_byte_buffer_destroy(call->response);
    call->metadata.count = 0;
    arena_clear(&call->arena);
    await_call(call);
}

/* ---- the worker ---------------------------------------------------------- */

static void on_turn(struct core *core)
{
    (void)core;
}

static void start(struct echo *echo, const struct server_settings *settings)
{
    struct call *calls = calloc(CALL_COUNT, sizeof(*calls));

    core_init(&echo->core, settings, false);
    echo->core.turn = on_turn;
    echo->check = core_register(&echo->core, "/istio.mixer.v1.Mixer/Check");
    if (!calls)
        abort();
    core_start(&echo->core);
    for (int i = 0; i < CALL_COUNT; i++) {
        struct call *call = &calls[i];

        call->arrived.run = on_arrived;
        call->replied.run = on_replied;
        call->echo = echo;
        arena_init(&call->arena, 0);
        grpc_metadata_array_init(&call->metadata);
        await_call(call);
    }
}

static void *run_calls(void *core)
{
    core_run(core);
    return NULL;
}

void worker_serve(int control, const struct server_settings *settings)
{
    struct control_message message;
    struct echo echo;
    pthread_t thread;
    int connection;

    grpc_init();
    start(&echo, settings);
    if (pthread_create(&thread, NULL, run_calls, &echo.core) != 0)
        abort();
    while (control_receive(control, &message, &connection))
        core_add_connection(&echo.core, connection);
    /* The parent is gone; nobody waits for what is in flight. */
    _exit(EXIT_SUCCESS);
}
