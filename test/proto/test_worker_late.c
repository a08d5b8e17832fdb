/* The worker with a store that answers later, or not at all. */
#include "test/proto/late_store.h"
#include "test/proto/worker_rig.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <unistd.h>

#define LATE(deadline)                                                         \
    SERVER("")                                                                 \
    QUOTAS "store = { kind = \"redis\"; servers = [ \"127.0.0.1:1\" ]; "       \
           "deadline = \"" deadline "\"; };\n"

static void start(struct rig *rig, struct late_store *late, const char *text)
{
    late_store_init(late);
    rig_start(rig, text, &late->store, true);
}

static void test_late_grant(void **state)
{
    struct rig rig;
    struct late_store late;
    struct exchange exchange;

    (void)state;
    start(&rig, &late, LATE("1s"));
    rig_send(&rig, &exchange, CHECK_PATH,
             rig_check(&rig, "ratings", "in-flight", NULL));
    rig_until(late.takes == 1);
    assert_int_equal(rig.block->calls_in_progress, 1);
    late.answers = true;
    rig_wait(&rig, &exchange);
    assert_int_equal(exchange.code, GRPC_STATUS_OK);
    assert_true(exchange.lease.len > 0);
    assert_int_equal(rig.shared->gate.mask, 0);
    rig_until(rig.block->store_operations == 1);
    rig_stop(&rig);
}

static void test_outage(void **state)
{
    struct rig rig;
    struct late_store late;
    struct mixer_response response;

    (void)state;
    start(&rig, &late, LATE("5ms"));
    response = rig_ask_check(&rig, "ratings", "in-flight");
    assert_int_equal(response.quotas[0].granted, 1);
    assert_int_equal(rig.shared->gate.mask, 1);
    response = rig_ask_check(&rig, "ratings", "strict");
    assert_int_equal(response.quotas[0].granted, 0);
    assert_int_equal(rig.shared->gate.answers, 2);
    assert_int_equal(rig.shared->gate.episodes, 1);
    assert_int_equal(
        rig.block->quotas[name_find(&rig.shared->quota_names, STR("in-flight"))]
            .outage_open,
        1);
    assert_int_equal(
        rig.block->quotas[name_find(&rig.shared->quota_names, STR("strict"))]
            .outage_closed,
        1);
    assert_int_equal(rig_ask(&rig, HEALTH_PATH, STR("")).code, GRPC_STATUS_OK);
    rig_stop(&rig);
}

/* Whoever gives up never learns of the lease that he got. */
static void test_cancelled(void **state)
{
    struct rig rig;
    struct late_store late;
    struct exchange exchange;

    (void)state;
    start(&rig, &late, LATE("5s"));
    rig_send(&rig, &exchange, CHECK_PATH,
             rig_check(&rig, "ratings", "in-flight", NULL));
    rig_until(late.takes == 1);
    grpc_call_cancel(exchange.call, NULL);
    rig_wait(&rig, &exchange);
    assert_int_equal(exchange.code, GRPC_STATUS_CANCELLED);
    /* The reset has to arrive before the reply is sent. */
    assert_int_equal(rig_ask(&rig, HEALTH_PATH, STR("")).code, GRPC_STATUS_OK);
    late.answers = true;
    rig_until(late.releases == 1);
    rig_until(rig.block->calls_in_progress == 0);
    assert_int_equal(rig.block->cancelled_calls, 1);
    assert_int_equal(rig.block->returned_leases, 1);
    rig_stop(&rig);
}

#define VANISHING 50

/* Callers that are gone, with their connections. */
static void test_vanished(void **state)
{
    struct rig rig;
    struct late_store late;

    (void)state;
    start(&rig, &late, LATE("5s"));
    for (int i = 0; i < VANISHING; i++) {
        struct exchange exchange;

        grpc_channel_destroy(rig.channel);
        rig.channel = rig_channel(&rig, NULL);
        rig_send(&rig, &exchange, CHECK_PATH,
                 rig_check(&rig, "ratings", "in-flight", NULL));
        rig_until(late.takes == (unsigned)i + 1);
        grpc_call_cancel(exchange.call, NULL);
        rig_wait(&rig, &exchange);
    }
    grpc_channel_destroy(rig.channel);
    rig_until(rig.block->open_connections <= 1);
    rig.channel = rig_channel(&rig, NULL);
    late.answers = true;
    rig_until(rig.block->calls_in_progress == 0);
    assert_int_equal(late.releases, VANISHING);
    assert_int_equal(rig.block->cancelled_calls, VANISHING);
    rig_stop(&rig);
}

static void test_late_burst(void **state)
{
    struct rig rig;
    struct late_store late;

    (void)state;
    start(&rig, &late, LATE("5s"));
    late.answers = true;
    rig_burst(&rig, "in-flight");
    rig_stop(&rig);
}

static void test_max_calls(void **state)
{
    struct rig rig;
    struct late_store late;
    struct exchange held[2], third;

    (void)state;
    start(&rig, &late,
          SERVER("max_calls = 2;") QUOTAS
          "store = { kind = \"redis\"; servers = [ \"127.0.0.1:1\" ]; "
          "deadline = \"1s\"; };\n");
    for (int i = 0; i < 2; i++)
        rig_send(&rig, &held[i], CHECK_PATH,
                 rig_check(&rig, "ratings", "in-flight", NULL));
    rig_until(late.takes == 2);
    third = rig_ask(&rig, CHECK_PATH, rig_check(&rig, "ratings", NULL, NULL));
    assert_int_equal(third.code, GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(rig_ask(&rig, HEALTH_PATH, STR("")).code, GRPC_STATUS_OK);
    late.answers = true;
    for (int i = 0; i < 2; i++) {
        rig_wait(&rig, &held[i]);
        assert_int_equal(held[i].code, GRPC_STATUS_OK);
    }
    assert_int_equal(rig.block->checks[DOOR_MIXER][VERDICT_OVERLOADED], 1);
    rig_stop(&rig);
}

static void test_reload(void **state)
{
    struct rig rig;
    struct late_store late;
    struct exchange held;
    struct control_message answer;

    (void)state;
    start(&rig, &late, LATE("5s"));
    rig_send(&rig, &held, CHECK_PATH,
             rig_check(&rig, "blue", "in-flight", NULL));
    rig_until(late.takes == 1);

    rig_tell(&rig, CONTROL_PREPARE, 2, rig_bundle(SERVER("") RULES));
    answer = rig_hear(&rig);
    assert_int_equal(answer.kind, CONTROL_READY);
    assert_int_equal(answer.generation, 2);
    assert_int_equal(rig_ask_check(&rig, "blue", NULL).code, STATUS_OK);
    rig_tell(&rig, CONTROL_COMMIT, 2, -1);
    rig_until(rig.block->generation == 2);
    assert_int_equal(rig_ask_check(&rig, "blue", NULL).code,
                     STATUS_PERMISSION_DENIED);

    /* What began under the old one ends under it. */
    late.answers = true;
    rig_wait(&rig, &held);
    assert_int_equal(held.code, GRPC_STATUS_OK);
    assert_true(held.lease.len > 0);
    rig_stop(&rig);
}

/* What is in progress when the worker is told to drain is still answered. */
static void test_drain(void **state)
{
    struct rig rig;
    struct late_store late;
    struct exchange held;

    (void)state;
    start(&rig, &late, LATE("5s"));
    rig_send(&rig, &held, CHECK_PATH,
             rig_check(&rig, "ratings", "in-flight", NULL));
    rig_until(late.takes == 1);
    rig_tell(&rig, CONTROL_DRAIN, 0, -1);
    rig_until(rig.block->state == WORKER_DRAINING);
    late.answers = true;
    rig_wait(&rig, &held);
    assert_int_equal(held.code, GRPC_STATUS_OK);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_grant), cmocka_unit_test(test_late_burst),
        cmocka_unit_test(test_max_calls),  cmocka_unit_test(test_outage),
        cmocka_unit_test(test_cancelled),  cmocka_unit_test(test_vanished),
        cmocka_unit_test(test_reload),     cmocka_unit_test(test_drain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
