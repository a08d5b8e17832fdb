/* The worker whole: what its callers and its master see. */
#include "test/proto/worker_rig.h"

#include "policy/base/clock.h"
#include "proto/wire/policy.h"
#include "quota/local/local.h"
#include "test/support/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RELEASE_PATH "/sluice.v1.Policy/Release"

static const char config[] = SERVER("") QUOTAS RULES;

static struct store *memory_store(void)
{
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    struct store *store = local_open(fd);

    assert_non_null(store);
    close(fd);
    return store;
}

static void start(struct rig *rig, const char *text)
{
    rig_start(rig, text, memory_store(), false);
}

/* ---- answers ----------------------------------------------------------- */

static void test_verdicts(void **state)
{
    struct rig rig;
    struct mixer_response response;

    (void)state;
    start(&rig, config);
    response = rig_ask_check(&rig, "ratings", NULL);
    assert_int_equal(response.code, STATUS_OK);
    assert_int_equal(response.valid_for_ns, 60 * SECOND);
    response = rig_ask_check(&rig, "blue", NULL);
    assert_int_equal(response.code, STATUS_PERMISSION_DENIED);
    assert_string_equal(response.message.data, "no-blue:not blue");
    rig_until(rig.block->calls_in_progress == 0);
    assert_int_equal(rig.block->calls_total, 2);
    assert_int_equal(rig.block->checks[DOOR_MIXER][VERDICT_ALLOWED], 1);
    assert_int_equal(rig.block->checks[DOOR_MIXER][VERDICT_DENIED], 1);
    assert_int_equal(
        rig.block->rules[name_find(&rig.shared->rule_names, STR("no-blue"))]
            .denied,
        1);
    rig_stop(&rig);
}

static int64_t release(struct rig *rig, struct str handle,
                       grpc_status_code *code)
{
    struct exchange exchange =
        rig_ask(rig, RELEASE_PATH,
                policy_encode_release_request(&handle, 1, &rig->arena));
    int64_t released = -1;

    *code = exchange.code;
    if (exchange.code == GRPC_STATUS_OK)
        assert_true(policy_decode_release_response(exchange.reply, &rig->arena,
                                                   &released));
    return released;
}

static void test_leases(void **state)
{
    struct rig rig;
    struct exchange taken[3];
    struct mixer_response response;
    struct quota_counters *counters;
    grpc_status_code code;

    (void)state;
    start(&rig, config);
    for (int i = 0; i < 3; i++)
        taken[i] = rig_ask(&rig, CHECK_PATH,
                           rig_check(&rig, "ratings", "in-flight", NULL));
    assert_true(taken[0].lease.len > 0 && taken[1].lease.len > 0);
    assert_int_equal(taken[2].lease.len, 0);
    assert_true(mixer_decode_response(taken[2].reply, &response, &rig.arena));
    assert_int_equal(response.code, STATUS_OK);
    assert_int_equal(response.quota_count, 1);
    assert_int_equal(response.quotas[0].granted, 0);

    assert_int_equal(release(&rig, taken[0].lease, &code), 1);
    assert_int_equal(release(&rig, taken[0].lease, &code), 0);
    assert_int_equal(code, GRPC_STATUS_OK);
    release(&rig, STR("nonsense"), &code);
    assert_int_equal(code, GRPC_STATUS_INVALID_ARGUMENT);
    response = rig_ask_check(&rig, "ratings", "in-flight");
    assert_int_equal(response.quotas[0].granted, 1);

    counters =
        &rig.block
             ->quotas[name_find(&rig.shared->quota_names, STR("in-flight"))];
    assert_int_equal(counters->granted, 3);
    assert_int_equal(counters->refused, 1);
    assert_int_equal(counters->released, 1);
    assert_int_equal(rig.block->released_units, 1);
    assert_int_equal(rig.block->checks[DOOR_MIXER][VERDICT_EXHAUSTED], 1);
    rig_stop(&rig);
}

/* A repeat is recognised by its id; it holds the same lease. */
static void test_deduplication(void **state)
{
    struct rig rig;
    struct exchange first, second;

    (void)state;
    start(&rig, config);
    first = rig_ask(&rig, CHECK_PATH,
                    rig_check(&rig, "ratings", "in-flight", "id-1"));
    second = rig_ask(&rig, CHECK_PATH,
                     rig_check(&rig, "ratings", "in-flight", "id-1"));
    assert_true(first.lease.len > 0);
    row_equal_str("same lease", second.lease, first.lease);
    rig_stop(&rig);
}

static struct str filled(struct rig *rig, size_t size)
{
    char *bytes = arena_alloc(&rig->arena, size);

    memset(bytes, 0x0a, size);
    return (struct str){ bytes, size };
}

static void test_bad_requests(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, config);
    {
        const struct {
            const char *why;
            const char *path;
            struct str body;
            grpc_status_code code;
        } rows[] = {
            { "no such method", "/istio.mixer.v1.Mixer/Chek", STR(""),
              GRPC_STATUS_UNIMPLEMENTED },
            { "no such service, no message",
              "/a/b",
              { 0 },
              GRPC_STATUS_UNIMPLEMENTED },
            { "Check that is no message", CHECK_PATH, STR("\x0a\x7f"),
              GRPC_STATUS_INVALID_ARGUMENT },
            { "Check without a message",
              CHECK_PATH,
              { 0 },
              GRPC_STATUS_INVALID_ARGUMENT },
            { "Check of a newer dictionary", CHECK_PATH,
              STR("\x10\xff\xff\x03"), GRPC_STATUS_INVALID_ARGUMENT },
            { "empty Check", CHECK_PATH, STR(""), GRPC_STATUS_OK },
            { "too long", CHECK_PATH, filled(&rig, 8 << 20),
              GRPC_STATUS_RESOURCE_EXHAUSTED },
            { "Report that is no message", "/istio.mixer.v1.Mixer/Report",
              STR("\x0a\x7f"), GRPC_STATUS_INVALID_ARGUMENT },
            { "empty Report", "/istio.mixer.v1.Mixer/Report", STR(""),
              GRPC_STATUS_OK },
            { "Release that is no message", RELEASE_PATH, STR("\x0a\x7f"),
              GRPC_STATUS_INVALID_ARGUMENT },
            { "Release of nothing", RELEASE_PATH, STR(""), GRPC_STATUS_OK },
            { "health of nobody", HEALTH_PATH, STR("\x0a\x01x"),
              GRPC_STATUS_NOT_FOUND },
            { "health of all", HEALTH_PATH, STR(""), GRPC_STATUS_OK },
            { "health of a service", HEALTH_PATH,
              STR("\x0a\x14istio.mixer.v1.Mixer"), GRPC_STATUS_OK },
        };

        for (size_t i = 0; i < ROWS(rows); i++)
            row_equal_i64(rows[i].why,
                          rig_ask(&rig, rows[i].path, rows[i].body).code,
                          rows[i].code);
    }
    assert_int_equal(rig.block->unknown_methods, 2);
    assert_int_equal(rig.block->reports, 1);
    assert_int_equal(rig.block->checks[DOOR_MIXER][VERDICT_ALLOWED], 1);
    rig_stop(&rig);
}

/* A client that compresses is told not to. */
static void test_compressed(void **state)
{
    struct rig rig;
    char key[] = "grpc.default_compression_algorithm";
    grpc_arg gzip = { .type = GRPC_ARG_INTEGER,
                      .key = key,
                      .value.integer = GRPC_COMPRESS_GZIP };
    grpc_channel_args args = { 1, &gzip };

    (void)state;
    start(&rig, config);
    grpc_channel_destroy(rig.channel);
    rig.channel = rig_channel(&rig, &args);
    assert_int_equal(rig_ask(&rig, CHECK_PATH, filled(&rig, 1000)).code,
                     GRPC_STATUS_UNIMPLEMENTED);
    rig_stop(&rig);
}

/* ---- many at once ------------------------------------------------------ */

static void test_burst(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, config);
    rig_burst(&rig, NULL);
    rig_stop(&rig);
}

/* ---- configurations ---------------------------------------------------- */

static void test_no_reload(void **state)
{
    struct rig rig;
    struct control_message answer;

    (void)state;
    start(&rig, config);
    rig_tell(&rig, CONTROL_PREPARE, 2,
             rig_bundle("rules = ( { nonsense; } );"));
    answer = rig_hear(&rig);
    assert_int_equal(answer.kind, CONTROL_REFUSED);
    assert_int_equal(answer.generation, 2);
    assert_true(strncmp(answer.text, "test.conf:1:", 12) == 0);

    rig_tell(&rig, CONTROL_PREPARE, 3, rig_bundle(SERVER("")));
    assert_int_equal(rig_hear(&rig).kind, CONTROL_READY);
    rig_tell(&rig, CONTROL_DISCARD, 3, -1);
    rig_tell(&rig, CONTROL_COMMIT, 3, -1);
    assert_int_equal(rig_ask_check(&rig, "blue", NULL).code,
                     STATUS_PERMISSION_DENIED);
    rig_stop(&rig);
}

/* ---- connections ------------------------------------------------------- */

static void test_max_connections(void **state)
{
    struct rig rig;
    char byte;
    int second, third;

    (void)state;
    start(&rig, SERVER("max_connections = 2;"));
    second = rig_connect(&rig);
    third = rig_connect(&rig);
    rig_until(rig.block->refused_connections == 1);
    assert_int_equal(recv(third, &byte, 1, 0), 0);
    close(third);

    /* A place is free again once the C core has noticed. */
    close(second);
    rig_until(rig.block->open_connections == 1);
    second = rig_connect(&rig);
    rig_until(rig.block->connections == 3);
    close(second);
    rig_stop(&rig);
}

/* ---- the end ----------------------------------------------------------- */

/* A peer that does not read what it is told, so that its connection stays. */
static void test_drain_idle(void **state)
{
    struct rig rig;
    int peer;

    (void)state;
    start(&rig, SERVER("drain = \"10m\";"));
    peer = rig_connect(&rig);
    rig_until(rig.block->connections == 2);
    rig_stop(&rig);
    close(peer);
}

/* When the master is gone, so is the worker. */
static void test_orphan(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, config);
    shutdown(rig.master, SHUT_RDWR);
    rig_end(&rig);
    assert_int_equal(rig.block->state, WORKER_DRAINING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_deduplication),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_no_reload),
        cmocka_unit_test(test_max_connections),
        cmocka_unit_test(test_drain_idle),
        cmocka_unit_test(test_orphan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
