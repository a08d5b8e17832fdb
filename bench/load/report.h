/*
 * Prints what a load led to, for people or as JSON.
 * Threads: one at a time.
 */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

#include "bench/load/options.h"
#include "bench/load/results.h"

#include <stdint.h>

struct report {
    const struct options *options;
    const struct results *results;
    size_t body_bytes; /* of the longest body */
    /* CPU time in the measured span, in ns, of each of options->processes; -1:
     * unknown. */
    int64_t cpu_ns[PIDS_MAX];
    int64_t own_cpu_ns;
};

void report_print(const struct report *report);
void report_print_json(const struct report *report);

#endif
