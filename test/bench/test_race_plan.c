/* The plan of a race, and which call is due when. */
#include "bench/race/plan.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <arpa/inet.h>

#define PLAN                                                                   \
    "{\"addresses\": [\"127.0.0.1:9091\", \"[::1]:9092\"], \"clients\": 3, "   \
    "\"quotas\": {\"slots\": 0.2, \"bucket\": 0}, \"seconds\": 2.5, "          \
    "\"per_second\": 1000}"

static void test_a_plan(void **state)
{
    struct race_plan plan;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_null(race_plan_parse(&plan, STR(PLAN), &arena));
    assert_int_equal(plan.target_count, 2);
    assert_string_equal(plan.targets[0].authority, "127.0.0.1:9091");
    assert_int_equal(ntohs(plan.targets[0].address.ipv4.sin_port), 9091);
    assert_int_equal(ntohs(plan.targets[1].address.ipv6.sin6_port), 9092);
    assert_int_equal(plan.client_count, 3);
    assert_int_equal(plan.quota_count, 2);
    /* In their order. */
    assert_string_equal(plan.quotas[0].name, "slots");
    assert_int_equal(plan.quotas[0].hold_ns, 200 * MILLISECOND);
    assert_string_equal(plan.quotas[1].name, "bucket");
    assert_int_equal(plan.quotas[1].hold_ns, 0);
    assert_int_equal(plan.span_ns, 2500 * MILLISECOND);
    assert_int_equal(race_call_count(&plan), 2500);
    arena_fini(&arena);
}

#define REST "\"seconds\": 1, \"per_second\": 0}"
#define SERVERS "{\"addresses\": [\"127.0.0.1:9091\"], "
#define QUOTAS "\"quotas\": {\"q\": 0}, "

static void test_what_is_no_plan(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        struct str says; /* begins with it */
    } rows[] = {
        { "nothing", { NULL, 0 }, STR_INIT("it is no") },
        { "a list", STR_INIT("[]"), STR_INIT("it is no") },
        { "an object", STR_INIT("{}"), STR_INIT("addresses") },
        { "nobody to ask", STR_INIT("{\"addresses\": [] }"),
          STR_INIT("addresses") },
        { "a number for a server", STR_INIT("{\"addresses\": [1]}"),
          STR_INIT("addresses") },
        { "a server without a port",
          STR_INIT("{\"addresses\": [\"127.0.0.1\"]}"), STR_INIT("addresses") },
        { "nothing to ask for", STR_INIT(SERVERS "\"clients\": 1, " REST),
          STR_INIT("quotas") },
        { "held for a negative time",
          STR_INIT(SERVERS "\"quotas\": {\"q\": -1}, \"clients\": 1, " REST),
          STR_INIT("quotas") },
        { "no client", STR_INIT(SERVERS QUOTAS "\"clients\": 0, " REST),
          STR_INIT("clients") },
        { "too many clients",
          STR_INIT(SERVERS QUOTAS "\"clients\": 10001, " REST),
          STR_INIT("clients") },
        { "no time", STR_INIT(SERVERS QUOTAS "\"clients\": 1}"),
          STR_INIT("seconds") },
        { "a negative rate",
          STR_INIT(SERVERS QUOTAS
                   "\"clients\": 1, \"seconds\": 1, \"per_second\": -1}"),
          STR_INIT("per_second") },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct race_plan plan;
        struct arena arena;
        const char *says;

        arena_init(&arena, 0);
        says = race_plan_parse(&plan, rows[i].text, &arena);
        row_true(rows[i].why, says);
        row_true(rows[i].why, str_starts_with(str_of(says), rows[i].says));
        arena_fini(&arena);
    }
}

static void test_which_call_is_due_when(void **state)
{
    static const struct {
        const char *why;
        uint64_t number;
        int64_t due_ns;
        uint32_t quota, client;
    } rows[] = {
        { "the first", 0, 0, 0, 0 },
        { "the other quota, of the same client", 1, MILLISECOND, 1, 0 },
        { "the next client", 2, 2 * MILLISECOND, 0, 1 },
        { "the last client", 5, 5 * MILLISECOND, 1, 2 },
        { "the first client again", 6, 6 * MILLISECOND, 0, 0 },
        { "after a day nothing is rounded away", UINT64_C(86400) * 1000,
          24 * HOUR, 0, 0 },
    };
    struct race_plan plan;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_null(race_plan_parse(&plan, STR(PLAN), &arena));
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t number = rows[i].number;

        row_equal_i64(rows[i].why, race_due_ns(&plan, number), rows[i].due_ns);
        row_equal_i64(rows[i].why, race_quota_of(&plan, number), rows[i].quota);
        row_equal_i64(rows[i].why, race_client_of(&plan, number),
                      rows[i].client);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan),
        cmocka_unit_test(test_what_is_no_plan),
        cmocka_unit_test(test_which_call_is_due_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
