#include "proto/server/call/core.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <limits.h>

/* A peer that does not answer a ping is gone. */
#define KEEPALIVE_MS 60000
#define KEEPALIVE_TIMEOUT_MS 20000

/* The C core takes limits as int. */
static int int_of(uint64_t value)
{
    return value < INT_MAX ? (int)value : INT_MAX;
}

static grpc_arg integer_arg(const char *name, int value)
{
    return (grpc_arg){
        .type = GRPC_ARG_INTEGER,
        .key = (char *)(uintptr_t)name,
        .value.integer = value,
    };
}

static grpc_arg memory_arg(grpc_resource_quota *memory)
{
    return (grpc_arg){
        .type = GRPC_ARG_POINTER,
        .key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA,
        .value.pointer = { memory, grpc_resource_quota_arg_vtable() },
    };
}

static grpc_server *create_server(grpc_resource_quota *memory,
                                  const struct server_settings *settings)
{
    grpc_arg args[] = {
        /* Checked only when the message is there; what it may take up until
         * then is bounded by the memory quota. */
        integer_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
                    int_of(settings->max_message_bytes)),
        memory_arg(memory),
        integer_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                    int_of(settings->max_concurrent_streams)),
        integer_arg(GRPC_ARG_MAX_METADATA_SIZE,
                    int_of(settings->max_header_bytes)),
        /* Proxies ping connections that idle; that is no offence. */
        integer_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        integer_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10),
        integer_arg(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0),
        integer_arg(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        integer_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        integer_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
        /* Work that nobody here wants. Deadlines we look at ourselves. */
        integer_arg(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0),
        integer_arg(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
        integer_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
        integer_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
        integer_arg(GRPC_ARG_HTTP2_BDP_PROBE, 0),
    };
    grpc_channel_args all = { sizeof(args) / sizeof(args[0]), args };

    return grpc_server_create(&all, NULL);
}

static void close_if_over(struct core *core)
{
    /* A batch started after this would abort the process. */
    if (!core->is_over || core->live_count > 0 || core->is_closed)
        return;
    core->is_closed = true;
    grpc_completion_queue_shutdown(core->queue);
}

static void on_over(struct tag *tag, bool ok)
{
    struct core *core = container_of(tag, struct core, over);

    assert(ok);
    core->is_over = true;
    close_if_over(core);
}

void core_init(struct core *core, const struct server_settings *settings,
               bool has_lock)
{
    *core = (struct core){ .over.run = on_over, .has_lock = has_lock };
    pthread_mutex_init(&core->lock, NULL);
    core->memory = grpc_resource_quota_create("worker");
    core_configure(core, settings);
    core->server = create_server(core->memory, settings);
    core->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(core->server, core->queue, NULL);
    core->now_ns = core->drained_ns = core->turned_ns = clock_boot_ns();
}

void core_fini(struct core *core)
{
    grpc_server_destroy(core->server);
    grpc_completion_queue_destroy(core->queue);
    grpc_resource_quota_unref(core->memory);
    pthread_mutex_destroy(&core->lock);
}

void core_configure(struct core *core, const struct server_settings *settings)
{
    grpc_resource_quota_resize(core->memory, settings->max_memory_bytes);
}

void *core_register(struct core *core, const char *path)
{
    void *method = grpc_server_register_method(
        core->server, path, NULL, GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);

    assert(method);
    return method;
}

void core_start(struct core *core)
{
    grpc_server_start(core->server);
}

void core_lock(struct core *core)
{
    if (core->has_lock)
        pthread_mutex_lock(&core->lock);
}

void core_unlock(struct core *core)
{
    if (core->has_lock)
        pthread_mutex_unlock(&core->lock);
}

/* Peers that idle may take long to notice that they were told to go; nothing
 * is left to wait for. */
static void cut_if_idle(struct core *core)
{
    if (!atomic_load(&core->is_told) || core->live_count > 0 || core->is_cut)
        return;
    core->is_cut = true;
    core_cancel(core);
}

static void turn(struct core *core)
{
    core->turned_ns = core->now_ns;
    core->turn(core);
    cut_if_idle(core);
}

/* Nothing is ready: the time to do what waited for that, then to sleep. */
static grpc_event sleep_until_event(struct core *core)
{
    gpr_timespec deadline;
    grpc_event event;

    core_lock(core);
    core->now_ns = core->drained_ns = clock_boot_ns();
    turn(core);
    core_unlock(core);
    deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                            gpr_time_from_nanos(CORE_IDLE_NS, GPR_TIMESPAN));
    event = grpc_completion_queue_next(core->queue, deadline, NULL);
    core_lock(core);
    core->drained_ns = clock_boot_ns();
    core_unlock(core);
    return event;
}

static void handle(struct core *core, struct tag *tag, bool ok)
{
    core_lock(core);
    core->now_ns = clock_boot_ns();
    if (core->now_ns - core->turned_ns >= CORE_BUSY_NS)
        turn(core);
    tag->run(tag, ok);
    core_unlock(core);
}

void core_run(struct core *core)
{
    gpr_timespec past = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    grpc_event event;

    do {
        event = grpc_completion_queue_next(core->queue, past, NULL);
        if (event.type == GRPC_QUEUE_TIMEOUT)
            event = sleep_until_event(core);
        if (event.type == GRPC_OP_COMPLETE)
            handle(core, event.tag, event.success);
    } while (event.type != GRPC_QUEUE_SHUTDOWN);
}

void core_add_connection(struct core *core, int fd)
{
    grpc_server_credentials *plaintext =
        grpc_insecure_server_credentials_create();

    grpc_server_add_channel_from_fd(core->server, fd, plaintext);
    grpc_server_credentials_release(plaintext);
}

void core_stop(struct core *core)
{
    atomic_store(&core->is_stopping, true);
    grpc_server_shutdown_and_notify(core->server, core->queue, &core->over);
    atomic_store(&core->is_told, true);
}

void core_cancel(struct core *core)
{
    grpc_server_cancel_all_calls(core->server);
}

bool core_is_stopping(const struct core *core)
{
    return atomic_load(&core->is_stopping);
}

bool core_is_overloaded(const struct core *core, int64_t max_delay_ns)
{
    return core->now_ns - core->drained_ns > max_delay_ns;
}

void core_begin(struct core *core)
{
    core->live_count++;
}

void core_end(struct core *core)
{
    assert(core->live_count > 0);
    core->live_count--;
    close_if_over(core);
}
