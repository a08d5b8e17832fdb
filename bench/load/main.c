/* sluice-bench: makes gRPC requests and measures how fast they are answered. */
#include "bench/load/body.h"
#include "bench/load/cpu.h"
#include "bench/load/mixer_body.h"
#include "bench/load/options.h"
#include "bench/load/report.h"
#include "bench/load/runner.h"
#include "policy/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXIT_USAGE 2

/* CPU time used until a moment. */
struct sample {
    int64_t taken_ns;
    int64_t used_ns[PIDS_MAX]; /* -1: unknown */
    int64_t own_ns;
};

static bool make_bodies(struct bodies *bodies, const struct options *options)
{
    const char *error;

    if (strcmp(options->bodies, "mixer") == 0) {
        const struct mixer_load mixer = {
            .user_count = options->keys,
            .quota = options->quota,
            .has_id = options->has_id,
        };

        mixer_bodies(bodies, &mixer);
    } else if (!bodies_load(bodies, options->bodies, &error)) {
        fprintf(stderr, "sluice-bench: %s\n", error);
        return false;
    }
    bodies_shuffle(bodies);
    return true;
}

static void sleep_until(int64_t time_ns)
{
    struct timespec time = { time_ns / SECOND, time_ns % SECOND };

    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &time, NULL) != 0)
        continue;
}

/* Also of threads that have ended. */
static int64_t own_cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * SECOND + used.tv_nsec;
}

static void take_sample(const struct options *options, struct sample *sample)
{
    sample->taken_ns = clock_boot_ns();
    sample->own_ns = own_cpu_ns();
    for (uint32_t i = 0; i < options->process_count; i++)
        sample->used_ns[i] = cpu_used_ns(options->processes[i].pid,
                                         options->processes[i].with_children);
}

static int64_t scaled_ns(int64_t before_ns, int64_t after_ns, double scale)
{
    if (before_ns < 0 || after_ns < before_ns)
        return -1;
    return (int64_t)((double)(after_ns - before_ns) * scale);
}

/* What was used between two samples, as if they were taken exactly at the
 * beginning and the end of the measured span. */
static void set_cpu(struct report *report, const struct sample *before,
                    const struct sample *after)
{
    const struct options *options = report->options;
    double scale = (double)options->duration_ns /
                   (double)(after->taken_ns - before->taken_ns);

    report->own_cpu_ns = scaled_ns(before->own_ns, after->own_ns, scale);
    for (uint32_t i = 0; i < options->process_count; i++)
        report->cpu_ns[i] =
            scaled_ns(before->used_ns[i], after->used_ns[i], scale);
}

static void measure(const struct plan *plan, struct report *report,
                    struct results *results)
{
    struct runner *runners = calloc(plan->threads, sizeof(*runners));
    struct sample before, after;

    if (!runners)
        abort();
    for (uint32_t i = 0; i < plan->threads; i++)
        runner_start(&runners[i], plan, i);
    sleep_until(plan->begin_ns);
    take_sample(report->options, &before);
    sleep_until(plan->end_ns);
    take_sample(report->options, &after);
    for (uint32_t i = 0; i < plan->threads; i++)
        runner_join(&runners[i], results);
    free(runners);
    set_cpu(report, &before, &after);
}

static struct plan plan_of(const struct options *options,
                           const struct bodies *bodies)
{
    int64_t start_ns = clock_boot_ns();
    int64_t begin_ns = start_ns + options->warmup_ns;

    return (struct plan){
        .target = options->target,
        .path = options->path,
        .bodies = bodies,
        .has_verdict = strcmp(options->path, MIXER_CHECK_PATH) == 0,
        .connections = options->connections,
        .streams = options->streams,
        .threads = options->threads,
        .rate = options->rate,
        /* Grows faster than requests can be made: no two runs share any. */
        .first_id = (uint64_t)clock_wall_ns(),
        .start_ns = start_ns,
        .begin_ns = begin_ns,
        .end_ns = begin_ns + options->duration_ns,
    };
}

int main(int argc, char **argv)
{
    static struct results results;
    struct options options;
    struct bodies bodies;
    struct report report = { .options = &options, .results = &results };
    struct plan plan;

    if (!options_parse(&options, argc, argv))
        return EXIT_USAGE;
    if (options.wants_help) {
        options_print_help();
        return EXIT_SUCCESS;
    }
    bodies_init(&bodies);
    if (!make_bodies(&bodies, &options)) {
        bodies_fini(&bodies);
        return EXIT_USAGE;
    }
    report.body_bytes = bodies.longest;
    plan = plan_of(&options, &bodies);
    measure(&plan, &report, &results);
    (options.is_json ? report_print_json : report_print)(&report);
    bodies_fini(&bodies);
    return results_are_good(&results) ? EXIT_SUCCESS : EXIT_FAILURE;
}
