#include "proto/server/doors/health_watch.h"

#include "proto/server/call/rpc.h"
#include "proto/server/call/worker.h"
#include "proto/server/doors/services.h"
#include "proto/wire/health.h"

#include <assert.h>
#include <stdlib.h>

#define WATCH_PATH "/grpc.health.v1.Health/Watch"
#define ARMED_COUNT 4
#define SCRATCH_BYTES ((size_t)64 * 1024)

struct health_watch {
    struct tag accepted, sent, closed;
    struct list link; /* in watches->open */
    struct health_watches *watches;
    struct rpc rpc;
    bool is_sending; /* `sent` is to come */
    bool is_closed;  /* `closed` came, or never will */
    bool is_ended;   /* its status is sent, or on its way */
};

static void free_watch(struct health_watch *watch)
{
    rpc_fini(&watch->rpc);
    free(watch);
}

static void set_open_count(struct health_watches *watches, uint32_t count)
{
    watches->open_count = count;
    atomic_store_explicit(&watches->worker->block->open_streams, count,
                          memory_order_relaxed);
}

static void end_if_over(struct health_watch *watch)
{
    struct health_watches *watches = watch->watches;

    if (watch->is_sending || !watch->is_closed)
        return;
    list_remove(&watch->link);
    set_open_count(watches, watches->open_count - 1);
    free_watch(watch);
    core_end(&watches->worker->core);
}

static void start(struct health_watch *watch, const grpc_op *ops, size_t count,
                  struct tag *tag)
{
    grpc_call_error error =
        grpc_call_start_batch(watch->rpc.core, ops, count, tag, NULL);

    assert(error == GRPC_CALL_OK);
}

/* A message with `status`, together with one other operation. */
static void send_status(struct health_watch *watch, enum health_status status,
                        grpc_op other)
{
    struct arena *scratch = &watch->watches->scratch;
    struct str message = health_encode(status, scratch);
    grpc_op ops[] = { other, { .op = GRPC_OP_SEND_MESSAGE } };

    assert(message.data);
    watch->rpc.response = rpc_message(message);
    arena_clear(scratch);
    ops[1].data.send_message.send_message = watch->rpc.response;
    watch->is_sending = true;
    start(watch, ops, 2, &watch->sent);
}

static void say_goodbye(struct health_watch *watch)
{
    grpc_slice details = grpc_slice_from_static_string("the server drains");
    grpc_op status = {
        .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
        .data.send_status_from_server = {
            .status = GRPC_STATUS_UNAVAILABLE,
            .status_details = &details,
        },
    };

    if (watch->is_sending || watch->is_ended)
        return;
    watch->is_ended = true;
    send_status(watch, HEALTH_NOT_SERVING, status);
}

static void on_sent(struct tag *tag, bool ok)
{
    struct health_watch *watch = container_of(tag, struct health_watch, sent);

    (void)ok; /* where it could not be sent, `closed` comes too */
    watch->is_sending = false;
    if (watch->rpc.response)
        grpc_byte_buffer_destroy(watch->rpc.response);
    watch->rpc.response = NULL;
    if (watch->watches->is_draining && !watch->is_closed)
        say_goodbye(watch);
    end_if_over(watch);
}

static void on_closed(struct tag *tag, bool ok)
{
    struct health_watch *watch = container_of(tag, struct health_watch, closed);

    (void)ok; /* always true */
    watch->is_closed = true;
    end_if_over(watch);
}

static void refuse(struct health_watch *watch, enum status_code code,
                   struct str details)
{
    /* The batch waits for the close as well. */
    watch->is_sending = watch->is_closed = watch->is_ended = true;
    rpc_reply(&watch->rpc, (struct str){ 0 }, code, details, &watch->sent);
}

static bool read_name(struct health_watch *watch, struct str *name)
{
    struct arena *scratch = &watch->watches->scratch;
    struct str body;

    return rpc_body(&watch->rpc, scratch, &body) == RPC_BODY_READ &&
           health_decode(body, scratch, name);
}

static void begin(struct health_watch *watch)
{
    struct health_watches *watches = watch->watches;
    struct core *core = &watches->worker->core;
    enum health_status status = HEALTH_SERVICE_UNKNOWN;
    grpc_op hello = { .op = GRPC_OP_SEND_INITIAL_METADATA };
    grpc_op close = {
        .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
        .data.recv_close_on_server.cancelled = &watch->rpc.was_cancelled,
    };
    struct str name;

    if (!read_name(watch, &name)) {
        refuse(watch, STATUS_INVALID_ARGUMENT, STR("the message is malformed"));
        arena_clear(&watches->scratch);
        return;
    }
    if (service_is_known(name))
        status = core_is_stopping(core) ? HEALTH_NOT_SERVING : HEALTH_SERVING;
    arena_clear(&watches->scratch);
    start(watch, &close, 1, &watch->closed);
    send_status(watch, status, hello);
}

static void await(struct health_watches *watches);

static void on_accepted(struct tag *tag, bool ok)
{
    struct health_watch *watch =
        container_of(tag, struct health_watch, accepted);
    struct health_watches *watches = watch->watches;
    struct worker *worker = watches->worker;
    const struct served *served = worker->serving.current;

    if (!ok) {
        free_watch(watch);
        return;
    }
    core_begin(&worker->core);
    list_append(&watches->open, &watch->link);
    set_open_count(watches, watches->open_count + 1);
    await(watches);
    if (watches->open_count > served->snapshot->server.max_streams)
        refuse(watch, STATUS_RESOURCE_EXHAUSTED, STR("too many streams"));
    else
        begin(watch);
}

static void await(struct health_watches *watches)
{
    struct core *core = &watches->worker->core;
    struct health_watch *watch;

    if (core_is_stopping(core))
        return;
    watch = calloc(1, sizeof(*watch));
    if (!watch)
        abort();
    watch->accepted.run = on_accepted;
    watch->sent.run = on_sent;
    watch->closed.run = on_closed;
    watch->watches = watches;
    rpc_init(&watch->rpc);
    rpc_await(&watch->rpc, core, watches->method, &watch->accepted);
}

void health_watches_init(struct health_watches *watches, struct worker *worker)
{
    *watches = (struct health_watches){
        .worker = worker,
        .method = core_register(&worker->core, WATCH_PATH),
    };
    list_init(&watches->open);
    arena_init(&watches->scratch, SCRATCH_BYTES);
}

void health_watches_fini(struct health_watches *watches)
{
    assert(list_is_empty(&watches->open));
    arena_fini(&watches->scratch);
}

void health_watches_arm(struct health_watches *watches)
{
    for (unsigned i = 0; i < ARMED_COUNT; i++)
        await(watches);
}

void health_watches_drain(struct health_watches *watches)
{
    struct list *link = watches->open.next;

    if (watches->is_draining)
        return;
    watches->is_draining = true;
    for (; link != &watches->open; link = link->next)
        say_goodbye(container_of(link, struct health_watch, link));
}
