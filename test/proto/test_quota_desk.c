/* What operators ask and do, over a memory store. */
#include "proto/server/admin/quota_desk.h"

#include "config/bundle_lists.h"
#include "policy/base/clock.h"
#include "proto/server/admin/quota_usage.h"
#include "quota/await.h"
#include "quota/handle.h"
#include "quota/local/local.h"
#include "test/support/table.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char config[] =
    "server = { listen = [ \"127.0.0.1:0\" ]; };\n"
    "quotas = (\n"
    "  { name = \"slots\"; concurrency = { max = 5000; lease = \"60s\"; }; },\n"
    "  { name = \"rate\"; dimensions = { user = \"source.user | ''\"; };\n"
    "    rate = { algorithm = \"token_bucket\"; amount = 1; per = \"1d\";\n"
    "             burst = 10; }; }\n"
    ");\n";

static const struct desk_peer peer = { 1000, 4711 };

struct bench {
    struct quota_desk desk;
    int shared_fd, store_fd;
    struct edition *edition;
};

static struct edition *make_edition(const char *text)
{
    struct edition *edition;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test.conf"), str_of(text));
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
    edition = edition_new(&bundle, 1, &diags);
    diags_print(&diags, stderr, false);
    diags_fini(&diags);
    assert_non_null(edition);
    return edition;
}

static int open_desk(void **state)
{
    static struct bench bench;

    bench.desk.shared = shared_create(1, &bench.shared_fd);
    bench.store_fd = local_create(LOCAL_SIZE_MIN_BYTES);
    bench.desk.store = local_open(bench.store_fd);
    bench.desk.editions = edition_board_new();
    bench.edition = make_edition(config);
    edition_board_publish(bench.desk.editions, bench.edition);
    *state = &bench;
    return bench.desk.shared && bench.desk.store ? 0 : -1;
}

static int close_desk(void **state)
{
    struct bench *bench = *state;

    edition_unref(bench->edition);
    edition_board_free(bench->desk.editions);
    store_free(bench->desk.store);
    close(bench->store_fd);
    close(bench->shared_fd);
    munmap(bench->desk.shared,
           sizeof(struct shared) + sizeof(struct worker_block));
    return 0;
}

static struct desk_answer ask(struct bench *bench, const char *path,
                              const char *body)
{
    return quota_desk_answer(&bench->desk, path, str_of(body), peer);
}

static json_t *ask_well(struct bench *bench, const char *path, const char *body)
{
    struct desk_answer answer = ask(bench, path, body);

    assert_int_equal(answer.status, 200);
    return answer.body;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* As a worker takes it. Returns the name of the lease, if it is one. */
static struct lease_name take(struct bench *bench, const char *quota,
                              const char *value, int64_t amount)
{
    const struct snapshot *snapshot = bench->edition->snapshot;
    uint32_t index = ruleset_find_quota(&snapshot->ruleset, str_of(quota));
    const struct str values[] = { str_of(value) };
    struct take take = { .count = 1, .deadline_ns = INT64_MAX };
    struct lease_name lease;
    struct quota_key key;
    struct arena arena;

    arena_init(&arena, 0);
    quota_key_make(&key, &snapshot->ruleset.quotas[index], values, false,
                   &arena);
    take.charges[0] = (struct charge){
        .limit = &snapshot->limits[index].limits[0],
        .quota = snapshot->limits[index].name,
        .key = store_hash(bench->desk.store, key.bytes),
        .amount = amount,
    };
    await_take(bench->desk.store, &take);
    assert_int_equal(take.status, TAKE_GRANTED);
    lease = (struct lease_name){ .quota = take.charges[0].quota,
                                 .key = take.charges[0].key };
    memcpy(lease.id.bytes, take.grants[0].lease_id, sizeof(lease.id.bytes));
    arena_fini(&arena);
    return lease;
}

#define ANN "{\"quota\":\"rate\",\"dimensions\":{\"user\":\"ann\"}}"
#define BOB "{\"quota\":\"rate\",\"dimensions\":{\"user\":\"bob\"}}"
#define SLOTS "{\"quota\":\"slots\"}"

static void test_peek_and_reset_of_a_rate(void **state)
{
    struct bench *bench = *state;
    uint64_t epoch = bench->desk.shared->gate.epoch;
    json_t *body;

    take(bench, "rate", "ann", 4);
    take(bench, "rate", "bob", 1);
    body = ask_well(bench, "/v1/peek", ANN);
    assert_int_equal(number(body, "limit"), 10);
    assert_int_equal(number(body, "used"), 4);
    assert_int_equal(number(body, "remaining"), 6);
    assert_null(json_object_get(body, "holders"));
    assert_string_equal(json_string_value(json_object_get(body, "key")),
                        "user=ann");
    json_decref(body);
    /* Looking gives nothing back. */
    assert_int_equal(bench->desk.shared->gate.epoch, epoch);

    body = ask_well(bench, "/v1/reset", ANN);
    assert_int_equal(number(body, "released"), 4);
    assert_int_equal(number(body, "used"), 0);
    json_decref(body);
    assert_int_equal(bench->desk.shared->gate.epoch, epoch + 1);

    body = ask_well(bench, "/v1/peek", BOB);
    assert_int_equal(number(body, "used"), 1);
    json_decref(body);
    json_decref(ask_well(bench, "/v1/reset", BOB));
}

static void test_peek_and_reset_of_leases(void **state)
{
    static const struct {
        const char *why;
        uint32_t leases;
        int64_t units; /* of each */
        int64_t listed, counted;
    } rows[] = {
        { "none", 0, 1, 0, 0 },
        { "one", 1, 1, 1, 1 },
        { "a large one", 1, 5000, 1, 1 },
        { "more than are listed", 100, 3, 64, 100 },
        { "more than one step, and more than are counted", 1500, 1, 64, 256 },
        { "steps of large leases", 100, 50, 64, 100 },
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t units = rows[i].leases * rows[i].units;
        json_t *body;

        for (uint32_t n = 0; n < rows[i].leases; n++)
            take(bench, "slots", "", rows[i].units);
        body = ask_well(bench, "/v1/peek", SLOTS);
        row_equal_i64(rows[i].why, number(body, "used"), units);
        row_equal_i64(rows[i].why, number(body, "remaining"), 5000 - units);
        row_equal_i64(rows[i].why, number(body, "leases"), rows[i].counted);
        row_equal_i64(rows[i].why,
                      json_array_size(json_object_get(body, "holders")),
                      rows[i].listed);
        json_decref(body);
        body = ask_well(bench, "/v1/reset", SLOTS);
        row_equal_i64(rows[i].why, number(body, "released"), units);
        row_equal_i64(rows[i].why, number(body, "used"), 0);
        json_decref(body);
    }
}

static void test_release_of_a_handle(void **state)
{
    struct bench *bench = *state;
    const struct lease_name leases[] = { take(bench, "slots", "", 2),
                                         take(bench, "slots", "", 3) };
    struct arena arena;
    struct str handle, question;
    json_t *body;

    arena_init(&arena, 0);
    handle = handle_encode(leases, ROWS(leases), &arena);
    question = arena_printf(&arena, "{\"lease\":\"%.*s\"}", STR_ARG(handle));
    body = ask_well(bench, "/v1/release", question.data);
    assert_int_equal(number(body, "released"), 5);
    json_decref(body);
    body = ask_well(bench, "/v1/release", question.data);
    assert_int_equal(number(body, "released"), 0);
    json_decref(body);
    arena_fini(&arena);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *why, *path, *body;
        unsigned status;
        const char *error; /* part of it */
    } rows[] = {
        { "no such question", "/v1/pek", "{}", 404, "/v1/peek" },
        { "nor that", "/", "{}", 404, "/v1/peek" },
        { "no body", "/v1/peek", "", 400, "JSON object" },
        { "no object", "/v1/peek", "[]", 400, "JSON object" },
        { "no JSON", "/v1/reset", "{\"quota\":", 400, "JSON object" },
        { "a name twice", "/v1/reset",
          "{\"quota\":\"slots\",\"quota\":\"rate\"}", 400, "JSON object" },
        { "a member too many", "/v1/reset", "{\"quota\":\"slots\",\"all\":1}",
          400, "\"all\"" },
        { "a member of another question", "/v1/release", SLOTS, 400,
          "\"quota\"" },
        { "no quota of that name", "/v1/reset", "{\"quota\":\"slot\"}", 400,
          "did you mean \"slots\"?" },
        { "no handle", "/v1/release", "{\"lease\":\"abc\"}", 400, "handle" },
        { "no text", "/v1/release", "{\"lease\":{}}", 400, "handle" },
        { "nothing", "/v1/release", "{}", 400, "handle" },
    };
    struct bench *bench = *state;
    uint64_t epoch = bench->desk.shared->gate.epoch;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct desk_answer answer = ask(bench, rows[i].path, rows[i].body);
        const char *error =
            json_string_value(json_object_get(answer.body, "error"));

        row_equal_i64(rows[i].why, answer.status, rows[i].status);
        row_true(rows[i].why, error && strstr(error, rows[i].error));
        json_decref(answer.body);
    }
    assert_int_equal(bench->desk.shared->gate.epoch, epoch);
}

/* ---- a store that is away ---------------------------------------------- */

static enum store_when refuse_take(struct store *store, struct take *take,
                                   int64_t now_ns)
{
    (void)store;
    (void)now_ns;
    take->status = TAKE_OUTAGE;
    return STORE_NOW;
}

static enum store_when refuse_release(struct store *store,
                                      struct release *release, int64_t now_ns)
{
    (void)store;
    (void)now_ns;
    release->released = -1;
    return STORE_NOW;
}

static enum store_when refuse_holders(struct store *store,
                                      struct holders *holders, int64_t now_ns)
{
    (void)store;
    (void)now_ns;
    holders->is_outage = true;
    return STORE_NOW;
}

static struct quota_id hash_nothing(struct store *store, struct str bytes)
{
    (void)store;
    (void)bytes;
    return (struct quota_id){ { 0 } };
}

static void wait_for_nothing(struct store *store, struct store_wait *wait)
{
    (void)store;
    *wait = (struct store_wait){ .deadline_ns = INT64_MAX };
}

static void step(struct store *store, const struct store_wait *ready,
                 int64_t now_ns)
{
    (void)store;
    (void)ready;
    (void)now_ns;
}

static void test_outage(void **state)
{
    static const struct store_ops ops = {
        .take = refuse_take,
        .release = refuse_release,
        .holders = refuse_holders,
        .hash = hash_nothing,
        .wait = wait_for_nothing,
        .step = step,
    };
    static const struct {
        const char *path, *body;
    } rows[] = {
        { "/v1/peek", ANN },
        { "/v1/peek", SLOTS },
        { "/v1/reset", ANN },
        { "/v1/reset", SLOTS },
        { "/v1/release",
          "{\"lease\":\"AQEFc2xvdHMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AA\"}" },
    };
    struct bench away = *(struct bench *)*state;
    struct store store = { .ops = &ops };

    away.desk.store = &store;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct desk_answer answer = ask(&away, rows[i].path, rows[i].body);

        row_equal_i64(rows[i].body, answer.status, 503);
        json_decref(answer.body);
    }
}

static void test_no_configuration(void **state)
{
    struct bench early = *(struct bench *)*state;
    struct desk_answer answer;

    early.desk.editions = edition_board_new();
    answer = ask(&early, "/v1/peek", SLOTS);
    assert_int_equal(answer.status, 503);
    json_decref(answer.body);
    edition_board_free(early.desk.editions);
}

/* Who asks keeps what he asked with, whatever is published meanwhile. */
static void test_an_edition_stays_while_it_is_used(void **state)
{
    struct bench *bench = *state;
    struct edition *kept = edition_board_get(bench->desk.editions);
    struct edition *next = make_edition(config);

    edition_board_publish(bench->desk.editions, next);
    edition_unref(next);
    assert_int_equal(kept->snapshot->ruleset.quota_count, 2);
    edition_board_publish(bench->desk.editions, kept);
    edition_unref(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peek_and_reset_of_a_rate),
        cmocka_unit_test(test_peek_and_reset_of_leases),
        cmocka_unit_test(test_release_of_a_handle),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_no_configuration),
        cmocka_unit_test(test_an_edition_stays_while_it_is_used),
    };

    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
