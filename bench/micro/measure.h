/*
 * How long something takes that takes nanoseconds. What is to be compared is
 * measured in turn, round after round, so that what disturbs the machine
 * disturbs all alike; the median of the rounds counts.
 * Threads: the main one.
 */
#ifndef BENCH_MICRO_MEASURE_H
#define BENCH_MICRO_MEASURE_H

#include <stdint.h>

/* Does it `count` times, the n-th time with its n-th input. */
struct subject {
    void (*run)(void *context, uint32_t count);
    void *context;
    double median_ns; /* of one time; set by measure_all */
};

struct measure_options {
    uint32_t rounds;  /* 1 .. MEASURE_ROUNDS_MAX */
    int64_t round_ns; /* each subject runs at least so long per round */
};

#define MEASURE_ROUNDS_MAX 101

void measure_all(struct subject *subjects, uint32_t count,
                 const struct measure_options *options);

#endif
