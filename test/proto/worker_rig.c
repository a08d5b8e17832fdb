#include "test/proto/worker_rig.h"

#include "config/bundle.h"
#include "test/support/table.h"

#include <fcntl.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gpr_timespec in_seconds(int64_t seconds)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_seconds(seconds, GPR_TIMESPAN));
}

int rig_bundle(const char *config)
{
    struct bundle bundle;
    int fd;

    bundle_from_text(&bundle, STR("test.conf"), str_of(config));
    fd = bundle_seal(&bundle);
    bundle_fini(&bundle);
    assert_true(fd >= 0);
    return fd;
}

static void name_slots(struct shared *shared, const struct ruleset *ruleset)
{
    for (uint32_t i = 0; i < ruleset->rule_count; i++)
        name_slot(&shared->rule_names, ruleset->rules[i].name);
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        name_slot(&shared->quota_names, ruleset->quotas[i].name);
}

/* As the master does: names first, so that the worker finds them. */
static struct served *load(struct shared *shared, const char *config)
{
    int fd = rig_bundle(config);
    char why[256] = "";
    struct served *served = served_load(fd, 1, shared, why, sizeof(why));

    if (!served)
        fail_msg("%s", why);
    name_slots(shared, &served->snapshot->ruleset);
    served_free(served);
    served = served_load(fd, 1, shared, why, sizeof(why));
    close(fd);
    return served;
}

static void *run(void *argument)
{
    struct rig *rig = argument;

    rig->status = process_run(&rig->parts);
    return NULL;
}

void rig_tell(struct rig *rig, enum control_kind kind, uint64_t generation,
              int fd)
{
    struct control_message message = { .kind = kind, .generation = generation };

    assert_true(control_send(rig->master, &message, fd));
    if (fd >= 0)
        close(fd);
}

struct control_message rig_hear(struct rig *rig)
{
    struct control_message message;
    int fd;

    assert_true(control_receive(rig->master, &message, &fd));
    assert_int_equal(fd, -1);
    return message;
}

int rig_connect(struct rig *rig)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                                pair),
                     0);
    rig_tell(rig, CONTROL_CONNECTION, 0, pair[0]);
    return pair[1];
}

grpc_channel *rig_channel(struct rig *rig, const grpc_channel_args *args)
{
    grpc_channel_credentials *plaintext = grpc_insecure_credentials_create();
    grpc_channel *channel =
        grpc_channel_create_from_fd("test", rig_connect(rig), plaintext, args);

    grpc_channel_credentials_release(plaintext);
    return channel;
}

void rig_start(struct rig *rig, const char *config, struct store *store,
               bool is_store_late)
{
    int pair[2], fd;

    *rig = (struct rig){ 0 };
    grpc_init();
    arena_init(&rig->arena, 0);
    rig->shared = shared_create(1, &fd);
    assert_non_null(rig->shared);
    close(fd);
    rig->block = &rig->shared->workers[0];
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    rig->master = pair[0];
    outage_init(&rig->outage, &rig->shared->gate, 0);
    rig->parts = (struct process_parts){
        .control = pair[1],
        .shared = rig->shared,
        .served = load(rig->shared, config),
        .store = store,
        .is_store_late = is_store_late,
        .outage = &rig->outage,
    };
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
    assert_int_equal(rig_hear(rig).kind, CONTROL_SERVING);
    rig->queue = grpc_completion_queue_create_for_next(NULL);
    rig->channel = rig_channel(rig, NULL);
}

static void finish_client(struct rig *rig)
{
    grpc_channel_destroy(rig->channel);
    grpc_completion_queue_shutdown(rig->queue);
    while (grpc_completion_queue_next(rig->queue, in_seconds(5), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(rig->queue);
}

void rig_end(struct rig *rig)
{
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    assert_int_equal(rig->status, 0);
    assert_int_equal(rig->block->calls_in_progress, 0);
    finish_client(rig);
    close(rig->master);
    close(rig->parts.control);
    arena_fini(&rig->arena);
    grpc_shutdown_blocking();
}

void rig_stop(struct rig *rig)
{
    rig_tell(rig, CONTROL_DRAIN, 0, -1);
    rig_end(rig);
}

void rig_send(struct rig *rig, struct exchange *exchange, const char *path,
              struct str body)
{
    grpc_op ops[6] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
        { .op = GRPC_OP_RECV_INITIAL_METADATA },
        { .op = GRPC_OP_RECV_MESSAGE },
        { .op = GRPC_OP_RECV_STATUS_ON_CLIENT },
        { .op = GRPC_OP_SEND_MESSAGE },
    };

    *exchange = (struct exchange){ .text = grpc_empty_slice() };
    grpc_metadata_array_init(&exchange->initial);
    grpc_metadata_array_init(&exchange->trailing);
    exchange->call = grpc_channel_create_call(
        rig->channel, NULL, 0, rig->queue, grpc_slice_from_static_string(path),
        NULL, in_seconds(20), NULL);
    ops[2].data.recv_initial_metadata.recv_initial_metadata =
        &exchange->initial;
    ops[3].data.recv_message.recv_message = &exchange->response;
    ops[4].data.recv_status_on_client.trailing_metadata = &exchange->trailing;
    ops[4].data.recv_status_on_client.status = &exchange->code;
    ops[4].data.recv_status_on_client.status_details = &exchange->text;
    if (body.data) {
        grpc_slice slice = grpc_slice_from_copied_buffer(body.data, body.len);

        exchange->request = grpc_raw_byte_buffer_create(&slice, 1);
        grpc_slice_unref(slice);
        ops[5].data.send_message.send_message = exchange->request;
    }
    assert_int_equal(grpc_call_start_batch(exchange->call, ops,
                                           body.data ? 6 : 5, exchange, NULL),
                     GRPC_CALL_OK);
}

static struct str copy_slice(struct arena *arena, grpc_slice slice)
{
    return arena_copy(arena,
                      (struct str){ (const char *)GRPC_SLICE_START_PTR(slice),
                                    GRPC_SLICE_LENGTH(slice) });
}

static void keep(struct arena *arena, struct exchange *exchange)
{
    exchange->details = copy_slice(arena, exchange->text);
    if (exchange->response) {
        grpc_byte_buffer_reader reader;
        grpc_slice all;

        grpc_byte_buffer_reader_init(&reader, exchange->response);
        all = grpc_byte_buffer_reader_readall(&reader);
        exchange->reply = copy_slice(arena, all);
        grpc_slice_unref(all);
        grpc_byte_buffer_reader_destroy(&reader);
    }
    for (size_t i = 0; i < exchange->trailing.count; i++)
        if (grpc_slice_str_cmp(exchange->trailing.metadata[i].key,
                               "sluice-lease") == 0)
            exchange->lease =
                copy_slice(arena, exchange->trailing.metadata[i].value);
}

static void finish_exchange(struct rig *rig, struct exchange *exchange)
{
    keep(&rig->arena, exchange);
    grpc_slice_unref(exchange->text);
    grpc_metadata_array_destroy(&exchange->initial);
    grpc_metadata_array_destroy(&exchange->trailing);
    if (exchange->request)
        grpc_byte_buffer_destroy(exchange->request);
    if (exchange->response)
        grpc_byte_buffer_destroy(exchange->response);
    grpc_call_unref(exchange->call);
    exchange->is_over = true;
}

void rig_wait(struct rig *rig, struct exchange *exchange)
{
    while (!exchange->is_over) {
        grpc_event event =
            grpc_completion_queue_next(rig->queue, in_seconds(30), NULL);

        assert_int_equal(event.type, GRPC_OP_COMPLETE);
        finish_exchange(rig, event.tag);
    }
}

struct exchange rig_ask(struct rig *rig, const char *path, struct str body)
{
    struct exchange exchange;

    rig_send(rig, &exchange, path, body);
    rig_wait(rig, &exchange);
    return exchange;
}

struct str rig_check(struct rig *rig, const char *host, const char *quota,
                     const char *deduplication_id)
{
    const struct mixer_attribute attribute = {
        .name = STR_INIT("destination.service.host"),
        .value = { .type = VALUE_STRING, .string = str_of(host) },
    };
    struct mixer_request request = { 0 };

    if (quota)
        request.asks[request.ask_count++] = (struct quota_ask){
            .name = str_of(quota),
            .amount = 1,
        };
    if (deduplication_id)
        request.deduplication_id = str_of(deduplication_id);
    return mixer_encode_request(&attribute, 1, &request, &rig->arena);
}

struct mixer_response rig_ask_check(struct rig *rig, const char *host,
                                    const char *quota)
{
    struct exchange exchange =
        rig_ask(rig, CHECK_PATH, rig_check(rig, host, quota, NULL));
    struct mixer_response response;

    assert_int_equal(exchange.code, GRPC_STATUS_OK);
    assert_true(mixer_decode_response(exchange.reply, &response, &rig->arena));
    return response;
}

#define BURST 3000
/* A client of the C core 1.51 sometimes takes its connection for broken
 * ("Failed parsing HTTP/2") when more replies come at once than its window
 * holds, which is 64 KiB; other clients do not. So not so many on one
 * connection. */
#define BURST_CHANNELS 4

static void send_burst(struct rig *rig, grpc_channel *const *channels,
                       struct exchange exchanges[BURST], const char *quota)
{
    grpc_channel *own = rig->channel;

    for (int i = 0; i < BURST; i++) {
        rig->channel = channels[i % BURST_CHANNELS];
        rig_send(rig, &exchanges[i], CHECK_PATH,
                 rig_check(rig, i % 2 ? "blue" : "ratings", quota, NULL));
    }
    rig->channel = own;
}

void rig_burst(struct rig *rig, const char *quota)
{
    struct exchange *exchanges = calloc(BURST, sizeof(*exchanges));
    grpc_channel *channels[BURST_CHANNELS];
    uint64_t answered = 0;

    for (int i = 0; i < BURST_CHANNELS; i++)
        channels[i] = rig_channel(rig, NULL);
    send_burst(rig, channels, exchanges, quota);
    for (int i = 0; i < BURST; i++) {
        rig_wait(rig, &exchanges[i]);
        assert_true(exchanges[i].code == GRPC_STATUS_OK ||
                    exchanges[i].code == GRPC_STATUS_UNAVAILABLE);
        answered += exchanges[i].code == GRPC_STATUS_OK;
    }
    rig_until(rig->block->calls_in_progress == 0);
    assert_int_equal(rig->block->checks[DOOR_MIXER][VERDICT_ALLOWED] +
                         rig->block->checks[DOOR_MIXER][VERDICT_DENIED],
                     answered);
    assert_int_equal(rig->block->checks[DOOR_MIXER][VERDICT_OVERLOADED],
                     BURST - answered);
    assert_int_equal(rig->block->calls_total, BURST);
    for (int i = 0; i < BURST_CHANNELS; i++)
        grpc_channel_destroy(channels[i]);
    free(exchanges);
}
