#include "bench/load/report.h"

#include "policy/base/clock.h"
#include "policy/rule/rule.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static const struct {
    const char *label;
    uint32_t per_mille;
} percentiles[] = {
    { "p50", 500 },   { "p90", 900 },  { "p99", 990 },
    { "p99.9", 999 }, { "max", 1000 },
};

static const struct {
    const char *label, *help;
} failures[FAILURE_COUNT] = {
#define X(name, label, help) { label, help },
    FAILURES(X)
#undef X
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static double per_second(const struct report *report)
{
    return (double)report->results->replied * (double)SECOND /
           (double)report->options->duration_ns;
}

static double us(int64_t ns)
{
    return (double)ns / (double)MICROSECOND;
}

/* Of one reply. */
static double cpu_us(const struct report *report, int64_t cpu_ns)
{
    return us(cpu_ns) / (double)report->results->replied;
}

static double cores(const struct report *report, int64_t cpu_ns)
{
    return (double)cpu_ns / (double)report->options->duration_ns;
}

static bool has_cpu(const struct report *report, int64_t cpu_ns)
{
    return cpu_ns >= 0 && report->results->replied > 0;
}

/* ---- for people ---------------------------------------------------------- */

static void print_cpu(const struct report *report, const char *label,
                      int64_t cpu_ns)
{
    if (has_cpu(report, cpu_ns))
        printf("CPU of %s: %.2f us per reply, %.2f cores\n", label,
               cpu_us(report, cpu_ns), cores(report, cpu_ns));
    else
        printf("CPU of %s: unknown\n", label);
}

static void print_all_cpu(const struct report *report)
{
    const struct options *options = report->options;

    for (uint32_t i = 0; i < options->process_count; i++) {
        char label[32];

        snprintf(label, sizeof(label), "%d", (int)options->processes[i].pid);
        print_cpu(report, label, report->cpu_ns[i]);
    }
    print_cpu(report, "sluice-bench", report->own_cpu_ns);
}

static void print_load(const struct options *options)
{
    printf("%s, %" PRIu32 " connections x %" PRIu32 " streams, ",
           options->address, options->connections, options->streams);
    if (options->rate > 0)
        printf("open loop at %" PRIu32 "/s, ", options->rate);
    else
        printf("closed loop, ");
    printf("%.1f s after %.1f s\n", us(options->duration_ns) / 1e6,
           us(options->warmup_ns) / 1e6);
}

void report_print(const struct report *report)
{
    const struct results *results = report->results;

    print_load(report->options);
    printf("replies: %" PRIu64 ", %.0f per second\nlatency:", results->replied,
           per_second(report));
    for (size_t i = 0; i < COUNT_OF(percentiles); i++)
        printf(" %s %.1f us", percentiles[i].label,
               us(latency_percentile_ns(&results->latency,
                                        percentiles[i].per_mille)));
    printf("\n");
    print_all_cpu(report);
    for (int i = 0; i < GRPC_STATUS_COUNT; i++)
        if (results->statuses[i] > 0)
            printf("status %s: %" PRIu64 "\n",
                   status_code_name((enum status_code)i), results->statuses[i]);
    for (size_t i = 0; i < REPLY_VERDICT_COUNT; i++)
        if (results->verdicts[i] > 0)
            printf("verdict %s: %" PRIu64 "\n", reply_verdict_labels[i],
                   results->verdicts[i]);
    for (size_t i = 0; i < FAILURE_COUNT; i++)
        if (results->failures[i] > 0)
            printf("FAILED %s: %" PRIu64 " %s\n", failures[i].label,
                   results->failures[i], failures[i].help);
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *count_of(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *json_of_load(const struct report *report)
{
    const struct options *options = report->options;
    json_t *object = json_object();

#define SET(key, value) json_object_set_new(object, key, value)
    SET("target", json_string(options->address));
    SET("method", json_string(options->path));
    SET("connections", count_of(options->connections));
    SET("streams", count_of(options->streams));
    SET("threads", count_of(options->threads));
    SET("rate", count_of(options->rate));
    SET("duration_s", json_real(us(options->duration_ns) / 1e6));
    SET("warmup_s", json_real(us(options->warmup_ns) / 1e6));
    SET("body_bytes", count_of(report->body_bytes));
#undef SET
    return object;
}

static json_t *json_of_latency(const struct latency *latency)
{
    json_t *object = json_object();

    for (size_t i = 0; i < COUNT_OF(percentiles); i++)
        json_object_set_new(object, percentiles[i].label,
                            json_real(us(latency_percentile_ns(
                                latency, percentiles[i].per_mille))));
    return object;
}

static json_t *json_of_cpu(const struct report *report, int64_t cpu_ns)
{
    if (!has_cpu(report, cpu_ns))
        return json_null();
    return json_pack("{s:f, s:f}", "us_per_reply", cpu_us(report, cpu_ns),
                     "cores", cores(report, cpu_ns));
}

/* By the number of the process. */
static json_t *json_of_all_cpu(const struct report *report)
{
    const struct options *options = report->options;
    json_t *object = json_object();

    for (uint32_t i = 0; i < options->process_count; i++) {
        char pid[32];

        snprintf(pid, sizeof(pid), "%d", (int)options->processes[i].pid);
        json_object_set_new(object, pid,
                            json_of_cpu(report, report->cpu_ns[i]));
    }
    return object;
}

static json_t *json_of_statuses(const struct results *results)
{
    json_t *object = json_object();

    for (int i = 0; i < GRPC_STATUS_COUNT; i++)
        if (results->statuses[i] > 0)
            json_object_set_new(object, status_code_name((enum status_code)i),
                                count_of(results->statuses[i]));
    return object;
}

static json_t *json_of_verdicts(const struct results *results)
{
    json_t *object = json_object();

    for (size_t i = 0; i < REPLY_VERDICT_COUNT; i++)
        json_object_set_new(object, reply_verdict_labels[i],
                            count_of(results->verdicts[i]));
    return object;
}

static json_t *json_of_failures(const struct results *results)
{
    json_t *object = json_object();

    for (size_t i = 0; i < FAILURE_COUNT; i++)
        json_object_set_new(object, failures[i].label,
                            count_of(results->failures[i]));
    return object;
}

void report_print_json(const struct report *report)
{
    const struct results *results = report->results;
    json_t *root = json_object();

#define SET(key, value) json_object_set_new(root, key, value)
    SET("load", json_of_load(report));
    SET("good", json_boolean(results_are_good(results)));
    SET("replies", count_of(results->replied));
    SET("replies_per_s", json_real(per_second(report)));
    SET("latency_us", json_of_latency(&results->latency));
    SET("cpu", json_of_all_cpu(report));
    SET("own_cpu", json_of_cpu(report, report->own_cpu_ns));
    SET("statuses", json_of_statuses(results));
    SET("verdicts", json_of_verdicts(results));
    SET("failures", json_of_failures(results));
#undef SET
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(root);
}
