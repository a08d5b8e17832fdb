/* The admin pages, made of a shared memory that the test fills. */
#include "proto/server/admin/metrics.h"

#include "policy/base/clock.h"
#include "proto/server/admin/admin.h"
#include "proto/server/admin/status.h"
#include "test/support/table.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct list_board *board;

static int make_board(void **state)
{
    (void)state;
    board = list_board_new();
    return 0;
}

static int free_board(void **state)
{
    (void)state;
    list_board_free(board);
    return 0;
}

static struct facts make_facts(void)
{
    int fd;
    struct shared *shared = shared_create(2, &fd);
    uint32_t rule, quota;

    assert_non_null(shared);
    close(fd);
    shared->started_wall_ns = 1500 * MILLISECOND;
    atomic_store(&shared->generation, 3);
    rule = name_slot(&shared->rule_names, STR("say \"no\"\\\n"));
    quota = name_slot(&shared->quota_names, STR("in-flight"));
    COUNT(shared->workers[0].rules[rule].denied, 2);
    COUNT(shared->workers[1].rules[rule].denied, 3);
    COUNT(shared->workers[1].quotas[quota].refused, 1);
    COUNT(shared->workers[0].checks[DOOR_MIXER][VERDICT_DENIED], 5);
    COUNT(shared->workers[1].reports, 6);
    COUNT(shared->workers[1].store_operations, 7);
    histogram_record(&shared->workers[0].latency[DOOR_MIXER], 20 * MICROSECOND);
    histogram_record(&shared->workers[1].latency[DOOR_MIXER], 3 * MILLISECOND);
    histogram_record(&shared->workers[1].latency[DOOR_MIXER], 100 * SECOND);
    atomic_store(&shared->workers[0].state, WORKER_SERVING);
    gate_open(&shared->gate, 1);
    atomic_store(&shared->workers[0].store_skew_ns, 20 * MICROSECOND);
    atomic_store(&shared->workers[0].has_store_skew, true);
    atomic_store(&shared->workers[1].store_skew_ns, -1500 * MILLISECOND);
    atomic_store(&shared->workers[1].has_store_skew, true);
    return (struct facts){ .shared = shared,
                           .board = board,
                           .config_path = "test.conf",
                           .listen = "127.0.0.1:9091",
                           .admin = "",
                           .store_kind = STORE_REDIS };
}

static char *metrics_text(const struct facts *facts)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    metrics_write(out, facts);
    fclose(out);
    return text;
}

static void expect_line(const char *text, const char *line)
{
    char whole[256];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    row_true(line, strstr(text, whole));
}

static void test_lines(void **state)
{
    static const char *const lines[] = {
        "sluice_start_time_seconds 1.500",
        "sluice_config_generation 3",
        "sluice_workers 2",
        "sluice_workers_serving 1",
        "sluice_worker_restarts_total{worker=\"1\"} 0",
        "sluice_checks_total{door=\"mixer\",verdict=\"denied\"} 5",
        "sluice_checks_total{door=\"mixer\",verdict=\"allowed\"} 0",
        "sluice_reports_total 6",
        "sluice_store_operations_total 7",
        "sluice_store_clock_skew_seconds -1.500000000",
        "sluice_rule_denied_total{rule=\"say \\\"no\\\"\\\\\\n\"} 5",
        "sluice_quota_refused_total{quota=\"in-flight\"} 1",
        "sluice_gate_open 1",
        "sluice_gate_episodes_total 1",
    };
    struct facts facts = make_facts();
    char *text = metrics_text(&facts);

    (void)state;
    for (size_t i = 0; i < ROWS(lines); i++)
        expect_line(text, lines[i]);
    assert_null(strstr(text, "\"other\""));
    free(text);
}

static void test_histogram(void **state)
{
    static const struct {
        const char *bound;
        int count;
    } buckets[] = {
        { "0.00001", 0 }, { "0.000025", 1 }, { "0.0025", 1 },
        { "0.005", 2 },   { "10", 2 },       { "+Inf", 3 },
    };
    static const char name[] = "sluice_check_duration_seconds";
    struct facts facts = make_facts();
    char *text = metrics_text(&facts), line[128];

    (void)state;
    for (size_t i = 0; i < ROWS(buckets); i++) {
        snprintf(line, sizeof(line), "%s_bucket{door=\"mixer\",le=\"%s\"} %d",
                 name, buckets[i].bound, buckets[i].count);
        expect_line(text, line);
    }
    snprintf(line, sizeof(line), "%s_sum{door=\"mixer\"} 100.003020000", name);
    expect_line(text, line);
    snprintf(line, sizeof(line), "%s_count{door=\"mixer\"} 3", name);
    expect_line(text, line);
    free(text);
}

/* The name at the start of a sample, without what histograms add. */
static struct str family_of(const char *line)
{
    static const char *const suffixes[] = { "_bucket", "_sum", "_count" };
    struct str name = { line, strcspn(line, "{ ") };

    for (size_t i = 0; i < ROWS(suffixes); i++)
        if (strstr(line, "duration") &&
            str_ends_with(name, str_of(suffixes[i])))
            name.len -= strlen(suffixes[i]);
    return name;
}

/* Each sample is of the family whose HELP and TYPE stand above it, each family
 * stands once, and a value ends each line. */
static void test_grammar(void **state)
{
    struct facts facts = make_facts();
    char *text = metrics_text(&facts), *next = text, *line;
    char families[128][64];
    size_t family_count = 0;

    (void)state;
    while ((line = strsep(&next, "\n")) && *line) {
        char help[64], type[64], kind[16], *end;

        if (sscanf(line, "# HELP %63s", help) == 1) {
            for (size_t i = 0; i < family_count; i++)
                row_true(line, strcmp(families[i], help) != 0);
            assert_true(family_count < ROWS(families));
            memcpy(families[family_count++], help, sizeof(help));
            line = strsep(&next, "\n");
            row_true(help, sscanf(line, "# TYPE %63s %15s", type, kind) == 2);
            row_equal_str(help, str_of(type), str_of(help));
            row_true(help, (strcmp(kind, "counter") == 0) ==
                               str_ends_with(str_of(help), STR("_total")));
            continue;
        }
        row_equal_str(line, family_of(line),
                      str_of(families[family_count - 1]));
        row_true(line, isfinite(strtod(strrchr(line, ' ') + 1, &end)));
        row_equal_i64(line, *end, '\0');
    }
    assert_true(family_count > 40);
    free(text);
}

static void test_status_page(void **state)
{
    struct facts facts = make_facts();
    struct page page;
    json_t *root, *rules;

    (void)state;
    assert_true(admin_page(&page, "/status", &facts));
    assert_int_equal(page.status, 200);
    root = json_loads(page.body, 0, NULL);
    assert_non_null(root);
    rules = json_object_get(root, "rules");
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(rules, "say \"no\"\\\n"), "denied")),
                     5);
    assert_int_equal(json_array_size(json_object_get(root, "workers")), 2);
    assert_true(json_is_true(json_object_get(
        json_object_get(json_object_get(root, "store"), "gate"), "open")));
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(root, "store"), "clock_skew_us")),
                     -1500000);
    json_decref(root);
    free(page.body);
}

static unsigned status_of(const char *path, const struct facts *facts)
{
    struct page page;

    assert_true(admin_page(&page, path, facts));
    assert_true(page.length > 0);
    free(page.body);
    return page.status;
}

static void test_probes(void **state)
{
    struct facts facts = make_facts();
    struct page page;

    (void)state;
    assert_int_equal(status_of("/", &facts), 200);
    assert_int_equal(status_of("/metrics", &facts), 200);
    assert_int_equal(status_of("/healthz", &facts), 200);
    /* One worker serves; that the gate is open does not matter. */
    assert_int_equal(status_of("/readyz", &facts), 200);
    atomic_store(&facts.is_draining, true);
    assert_int_equal(status_of("/readyz", &facts), 503);
    assert_int_equal(status_of("/healthz", &facts), 200);
    facts = make_facts();
    atomic_store(&((struct shared *)(uintptr_t)facts.shared)->workers[0].state,
                 WORKER_DEAD);
    assert_int_equal(status_of("/readyz", &facts), 503);
    assert_false(admin_page(&page, "/statu", &facts));
    assert_false(admin_page(&page, "", &facts));
}

/* One that is fetched and too old now, and one that is written inline. */
static void publish_lists(void)
{
    static const struct list_news news = { .confirmed_wall_ns = 2500000000,
                                           .error = "HTTP status 500",
                                           .given = 3,
                                           .failed = 2 };
    struct snapshot_list lists[] = {
        { { .name = STR("web \"1\""), .url = STR("http://h/") },
          roster_open_unavailable(ROSTER_STRING) },
        { { .name = STR("inline") }, NULL },
    };
    struct bundle_list compiled[] = { { .name = lists[0].settings.name },
                                      { .name = lists[1].settings.name } };
    struct snapshot snapshot = { .lists = lists, .list_count = ROWS(lists) };
    struct str entry = STR("ann");
    struct arena arena;

    arena_init(&arena, 0);
    compiled[1].block = roster_build(ROSTER_STRING, &entry, 1, 1, &arena);
    lists[1].roster = roster_open(compiled[1].block);
    snapshot.bundle.lists = compiled;
    snapshot.bundle.list_count = ROWS(compiled);
    list_board_tell(board, lists[0].settings.name, &news);
    list_board_tell(board, STR("refused"), &news);
    list_board_publish(board, &snapshot);
    roster_free(lists[0].roster);
    roster_free(lists[1].roster);
    arena_fini(&arena);
}

static void test_lists(void **state)
{
    static const char *const lines[] = {
        "sluice_list_available{list=\"web \\\"1\\\"\"} 0\n",
        "sluice_list_available{list=\"inline\"} 1\n",
        "sluice_list_entries{list=\"inline\"} 1\n",
        "sluice_list_confirmed_time_seconds{list=\"web \\\"1\\\"\"} 2.500\n",
        "sluice_list_answers_total{list=\"web \\\"1\\\"\",result=\"given\"} "
        "3\n",
        "sluice_list_answers_total{list=\"web \\\"1\\\"\",result=\"failed\"} "
        "2\n",
    };
    struct facts facts = make_facts();
    char *metrics, *status;
    json_t *root, *json, *web;

    (void)state;
    publish_lists();
    metrics = metrics_text(&facts);
    for (size_t i = 0; i < ROWS(lines); i++)
        row_true(lines[i], strstr(metrics, lines[i]));
    /* Not in use, as of a configuration that was refused. */
    assert_null(strstr(metrics, "list=\"refused\""));
    status = status_json(&facts);
    root = json_loads(status, 0, NULL);
    json = json_object_get(root, "lists");
    assert_int_equal(json_object_size(json), 2);
    web = json_object_get(json, "web \"1\"");
    assert_string_equal(json_string_value(json_object_get(web, "error")),
                        "HTTP status 500");
    assert_true(json_is_false(json_object_get(web, "available")));
    json_decref(root);
    free(status);
    free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_grammar), cmocka_unit_test(test_status_page),
        cmocka_unit_test(test_probes),  cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, make_board, free_board);
}
