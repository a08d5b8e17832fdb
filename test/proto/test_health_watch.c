/* grpc.health.v1.Health/Watch: a stream that is held open. */
#include "test/proto/late_store.h"
#include "test/proto/worker_rig.h"

#include "proto/wire/health.h"
#include "test/support/table.h"

#include <unistd.h>

struct watch {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *request, *response;
    grpc_status_code code;
    grpc_slice details;
};

static void run_batch(struct rig *rig, struct watch *watch, const grpc_op *ops,
                      size_t count)
{
    grpc_event event;

    assert_int_equal(
        grpc_call_start_batch(watch->call, ops, count, watch, NULL),
        GRPC_CALL_OK);
    event = grpc_completion_queue_next(
        rig->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    assert_ptr_equal(event.tag, watch);
}

static void watch_start(struct rig *rig, struct watch *watch, struct str body)
{
    grpc_slice bytes = grpc_slice_from_copied_buffer(body.data, body.len);
    grpc_op ops[] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_MESSAGE },
        { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
        { .op = GRPC_OP_RECV_INITIAL_METADATA },
    };

    *watch = (struct watch){ 0 };
    grpc_metadata_array_init(&watch->initial);
    grpc_metadata_array_init(&watch->trailing);
    watch->call = grpc_channel_create_call(
        rig->channel, NULL, 0, rig->queue,
        grpc_slice_from_static_string("/grpc.health.v1.Health/Watch"), NULL,
        gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    watch->request = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_slice_unref(bytes);
    ops[1].data.send_message.send_message = watch->request;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &watch->initial;
    run_batch(rig, watch, ops, 4);
    grpc_byte_buffer_destroy(watch->request);
}

/* The status in the next message; -1: there is none. */
static int watch_next(struct rig *rig, struct watch *watch)
{
    grpc_op op = { .op = GRPC_OP_RECV_MESSAGE,
                   .data.recv_message.recv_message = &watch->response };
    grpc_slice_buffer *pieces;
    int status;

    run_batch(rig, watch, &op, 1);
    if (!watch->response)
        return -1;
    pieces = &watch->response->data.raw.slice_buffer;
    assert_int_equal(pieces->length, 2);
    status = GRPC_SLICE_START_PTR(pieces->slices[0])[1];
    grpc_byte_buffer_destroy(watch->response);
    return status;
}

static void watch_end(struct rig *rig, struct watch *watch)
{
    grpc_op op = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };

    op.data.recv_status_on_client.trailing_metadata = &watch->trailing;
    op.data.recv_status_on_client.status = &watch->code;
    op.data.recv_status_on_client.status_details = &watch->details;
    run_batch(rig, watch, &op, 1);
    grpc_slice_unref(watch->details);
    grpc_metadata_array_destroy(&watch->initial);
    grpc_metadata_array_destroy(&watch->trailing);
    grpc_call_unref(watch->call);
}

static void test_watch(void **state)
{
    struct rig rig;
    struct late_store late;
    struct watch all, nobody, third;

    (void)state;
    late_store_init(&late);
    rig_start(&rig, SERVER("max_streams = 2;"), &late.store, true);
    watch_start(&rig, &all, STR(""));
    assert_int_equal(watch_next(&rig, &all), HEALTH_SERVING);
    watch_start(&rig, &nobody, STR("\x0a\x01x"));
    assert_int_equal(watch_next(&rig, &nobody), HEALTH_SERVICE_UNKNOWN);
    assert_int_equal(rig.block->open_streams, 2);
    watch_start(&rig, &third, STR(""));
    watch_end(&rig, &third);
    assert_int_equal(third.code, GRPC_STATUS_RESOURCE_EXHAUSTED);

    grpc_call_cancel(nobody.call, NULL);
    watch_end(&rig, &nobody);
    rig_until(rig.block->open_streams == 1);

    rig_tell(&rig, CONTROL_DRAIN, 0, -1);
    assert_int_equal(watch_next(&rig, &all), HEALTH_NOT_SERVING);
    watch_end(&rig, &all);
    assert_int_equal(all.code, GRPC_STATUS_UNAVAILABLE);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
