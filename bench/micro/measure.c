#include "bench/micro/measure.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <stdlib.h>

/* So many times that reading the clock does not count. */
static uint32_t find_count(const struct subject *subject, int64_t round_ns)
{
    uint32_t count = 1;

    for (;; count *= 2) {
        int64_t begin_ns = clock_boot_ns();

        subject->run(subject->context, count);
        if (clock_boot_ns() - begin_ns >= round_ns || count > UINT32_MAX / 2)
            return count;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void measure_all(struct subject *subjects, uint32_t count,
                 const struct measure_options *options)
{
    double(*times)[MEASURE_ROUNDS_MAX] = calloc(count, sizeof(*times));
    uint32_t *counts = calloc(count, sizeof(*counts));

    assert(times && counts);
    assert(options->rounds >= 1 && options->rounds <= MEASURE_ROUNDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        counts[i] = find_count(&subjects[i], options->round_ns);
    for (uint32_t round = 0; round < options->rounds; round++)
        for (uint32_t i = 0; i < count; i++) {
            int64_t begin_ns = clock_boot_ns();

            subjects[i].run(subjects[i].context, counts[i]);
            times[i][round] = (double)(clock_boot_ns() - begin_ns) / counts[i];
        }
    for (uint32_t i = 0; i < count; i++) {
        qsort(times[i], options->rounds, sizeof(double), compare);
        subjects[i].median_ns = times[i][options->rounds / 2];
    }
    free(counts);
    free(times);
}
