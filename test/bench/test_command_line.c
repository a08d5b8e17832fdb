/* Command lines of the programs of the benchmark. */
#include "bench/command_line.h"

#include "policy/base/clock.h"
#include "test/support/arguments.h"
#include "test/support/table.h"

struct sample {
    bool is_loud;
    const char *name;
    uint32_t count;
    int64_t span_ns, even;
};

static const char *parse_even(void *into, const char *text)
{
    struct sample *sample = into;
    const char *why =
        command_line_number(text, QUANTITY_COUNT, 0, 100, &sample->even);

    if (why)
        return why;
    return sample->even % 2 == 0 ? NULL : "is odd";
}

static const struct command_option table[] = {
    { "loud", NULL, "", INTO_FLAG(struct sample, is_loud) },
    { "name", "NAME", "", INTO_TEXT(struct sample, name) },
    { "count", "N", "", INTO_COUNT(struct sample, count, 1, UINT32_MAX) },
    { "span", "TIME", "", INTO_SPAN(struct sample, span_ns, 0, HOUR) },
    { "even", "N", "", INTO_PARSED(parse_even) },
    { .name = NULL },
};

static const struct command_line line = { "sample", "", "", table };

static const struct {
    const char *why, *arguments;
    enum command_line_result result;
    struct sample sample; /* where it is read */
} rows[] = {
    { "nothing", "", COMMAND_LINE_READ, { .name = "as it was" } },
    { "each kind",
      "--loud --name some --count 7 --span 5ms --even 8",
      COMMAND_LINE_READ,
      { true, "some", 7, 5 * MILLISECOND, 8 } },
    { "joined by a sign",
      "--name=some --count=7",
      COMMAND_LINE_READ,
      { .name = "some", .count = 7 } },
    { "the last one counts",
      "--count 1 --count 2",
      COMMAND_LINE_READ,
      { .name = "as it was", .count = 2 } },
    { "the least and the most",
      "--count 4294967295 --span 0",
      COMMAND_LINE_READ,
      { .name = "as it was", .count = UINT32_MAX } },
    { "less than the least", "--count 0", COMMAND_LINE_WRONG, { 0 } },
    { "more than 32 bits", "--count 4294967296", COMMAND_LINE_WRONG, { 0 } },
    { "more than the most", "--span 61m", COMMAND_LINE_WRONG, { 0 } },
    { "a span has a unit", "--span 5", COMMAND_LINE_WRONG, { 0 } },
    { "a count has none", "--count 5ms", COMMAND_LINE_WRONG, { 0 } },
    { "what a program refuses", "--even 7", COMMAND_LINE_WRONG, { 0 } },
    { "no such option", "--quiet", COMMAND_LINE_WRONG, { 0 } },
    { "no such letter", "-x", COMMAND_LINE_WRONG, { 0 } },
    { "no argument", "--name", COMMAND_LINE_WRONG, { 0 } },
    { "a flag with one", "--loud=yes", COMMAND_LINE_WRONG, { 0 } },
    { "no option", "--loud very", COMMAND_LINE_WRONG, { 0 } },
    { "help", "--help", COMMAND_LINE_HELP, { 0 } },
    { "help in short, whatever follows",
      "--loud -h --count 0",
      COMMAND_LINE_HELP,
      { 0 } },
    { "what was wrong before", "--count 0 -h", COMMAND_LINE_WRONG, { 0 } },
};

static void test_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct sample *want = &rows[i].sample;
        struct sample sample = { .name = "as it was" };
        struct arguments arguments;

        arguments_init(&arguments, "sample", rows[i].arguments);
        row_equal_i64(rows[i].why,
                      command_line_read(&line, arguments.count,
                                        arguments.values, &sample),
                      rows[i].result);
        if (rows[i].result != COMMAND_LINE_READ)
            continue;
        row_true(rows[i].why, sample.is_loud == want->is_loud);
        row_equal_str(rows[i].why, str_of(sample.name), str_of(want->name));
        row_equal_i64(rows[i].why, sample.count, want->count);
        row_equal_i64(rows[i].why, sample.span_ns, want->span_ns);
        row_equal_i64(rows[i].why, sample.even, want->even);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_reading) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
