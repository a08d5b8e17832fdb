/*
 * Which refusals have a line, and what stands in it.
 */
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "proto/server/call/denial_log.h"

/* A percentage of ids, whatever the time. */
static void a_sample_is_as_large_as_it_says(void **state)
{
    static const uint32_t percents[] = { 0, 1, 50, 100 };

    (void)state;
    for (size_t i = 0; i < ROWS(percents); i++) {
        const struct log_settings settings = {
            .denial_percent = percents[i],
            .denials_per_second = 10000,
        };
        struct denial_log log;
        int64_t admitted = 0;

        denial_log_init(&log, 7);
        for (int n = 0; n < 10000; n++)
            admitted += denial_log_admit(&log, &settings, denial_log_id(&log),
                                         n * MILLISECOND);
        row_true("near", admitted >= 100 * (int64_t)percents[i] * 8 / 10);
        row_true("near", admitted <= 100 * (int64_t)percents[i] * 12 / 10);
        row_equal_i64("what is not in the sample is not suppressed",
                      log.suppressed_count, 0);
    }
}

static const struct {
    const char *why;
    int64_t at_ns;
    bool is_admitted;
    uint64_t suppressed;
} steps[] = {
    { "first", 0, true, 0 },
    { "second", 1, true, 0 },
    { "one too many", 2, false, 1 },
    { "another", SECOND / 4, false, 2 },
    { "one comes back each half second", SECOND / 2, true, 2 },
    { "only one", SECOND / 2 + 1, false, 3 },
    { "as many as fit, after a while", HOUR, true, 3 },
    { "the second", HOUR, true, 3 },
    { "no more", HOUR, false, 4 },
    { "time steps back", HOUR - SECOND, false, 5 },
};

static void a_flood_is_suppressed(void **state)
{
    const struct log_settings settings = { .denial_percent = 100,
                                           .denials_per_second = 2 };
    struct denial_log log;

    (void)state;
    denial_log_init(&log, 0);
    for (size_t i = 0; i < ROWS(steps); i++) {
        row_equal_i64(steps[i].why,
                      denial_log_admit(&log, &settings, 0, steps[i].at_ns),
                      steps[i].is_admitted);
        row_equal_i64(steps[i].why, log.suppressed_count, steps[i].suppressed);
    }
}

static const struct {
    const char *why;
    struct denial_facts facts;
    uint64_t suppressed;
    const char *line;
} lines[] = {
    { "a rule",
      { .decision = 255,
        .code = STATUS_PERMISSION_DENIED,
        .rule = STR_INIT("no-blue") },
      0,
      "decision=00000000000000ff code=PERMISSION_DENIED rule=\"no-blue\"" },
    { "a quota, after others",
      { .decision = UINT64_MAX,
        .code = STATUS_RESOURCE_EXHAUSTED,
        .rule = STR_INIT("limits"),
        .quota = STR_INIT("per-user"),
        .key = STR_INIT("user=ann") },
      3,
      "decision=ffffffffffffffff code=RESOURCE_EXHAUSTED suppressed=3 "
      "rule=\"limits\" quota=\"per-user\" key=\"user=ann\"" },
    { "a key cannot end its quotes",
      { .code = STATUS_RESOURCE_EXHAUSTED,
        .quota = STR_INIT("q"),
        .key = STR_INIT("u=\" rule=\"x\\\0y") },
      0,
      "decision=0000000000000000 code=RESOURCE_EXHAUSTED quota=\"q\" "
      "key=\"u=\\\" rule=\\\"x\\\\ y\"" },
};

static void lines_say_who_and_why(void **state)
{
    char line[DENIAL_LINE_BYTES];
    struct denial_log log;

    (void)state;
    denial_log_init(&log, 0);
    for (size_t i = 0; i < ROWS(lines); i++) {
        log.suppressed_count = lines[i].suppressed;
        row_equal_i64(lines[i].why,
                      denial_log_format(&log, &lines[i].facts, line),
                      strlen(lines[i].line));
        row_equal_str(lines[i].why, str_of(line), str_of(lines[i].line));
        row_equal_i64("told once", log.suppressed_count, 0);
    }
}

static void a_long_line_is_cut(void **state)
{
    static char key[2 * DENIAL_LINE_BYTES];
    const struct denial_facts facts = { .key = { key, sizeof(key) } };
    char line[DENIAL_LINE_BYTES];
    struct denial_log log;

    (void)state;
    memset(key, '"', sizeof(key));
    denial_log_init(&log, 0);
    assert_true(denial_log_format(&log, &facts, line) < DENIAL_LINE_BYTES);
}

static void ids_do_not_come_again(void **state)
{
    uint64_t ids[400];
    struct denial_log log, other;

    (void)state;
    denial_log_init(&log, 1);
    denial_log_init(&other, 2);
    for (size_t i = 0; i < ROWS(ids); i++) {
        ids[i] = denial_log_id(i % 2 == 0 ? &log : &other);
        for (size_t j = 0; j < i; j++)
            assert_true(ids[i] != ids[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_as_large_as_it_says),
        cmocka_unit_test(a_flood_is_suppressed),
        cmocka_unit_test(lines_say_who_and_why),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(ids_do_not_come_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
