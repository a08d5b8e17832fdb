/*
 * sluice-micro: what a decision costs, decoding aside.
 *   sluice-micro [ROUNDS]
 */
#include "bench/micro/decide.h"
#include "bench/micro/measure.h"
#include "bench/micro/shape.h"

#include "policy/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 31

/* Few requests stay in the processor's caches with the rules that they are
 * for; many are each for a rule that is not. */
#define FEW_REQUESTS 64
#define MANY_REQUESTS 8192

static struct subject subject_of(struct decide *decide, char *text,
                                 uint32_t rule_count, uint32_t request_count)
{
    decide_init(decide, text, rule_count, request_count);
    free(text);
    return (struct subject){ .run = decide_run, .context = decide };
}

static void measure_twenty(const struct measure_options *options)
{
    static struct decide decide;
    struct subject subject =
        subject_of(&decide, shape_twenty(), 20, FEW_REQUESTS);

    measure_all(&subject, 1, options);
    printf("20 rules, of which 3 match: %.0f ns\n\n", subject.median_ns);
    decide_fini(&decide);
}

static const struct {
    uint32_t rules, requests;
} sizes[] = { { 10, FEW_REQUESTS },
              { 1000, FEW_REQUESTS },
              { 10000, FEW_REQUESTS },
              { 10000, MANY_REQUESTS } };

enum { SMALLEST = 0, LARGEST = 2, SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void print_head(void)
{
    printf("%-20s %8s %8s %8s %6s %10s %10s\n", "ns per decision", "10 rules",
           "1000", "10000", "ratio", "10000 cold", "load 10000");
}

static void measure_shape(const struct shape *shape,
                          const struct measure_options *options)
{
    static struct decide decides[SIZES];
    struct subject subjects[SIZES];

    for (size_t i = 0; i < SIZES; i++)
        subjects[i] =
            subject_of(&decides[i], shape_config(shape, sizes[i].rules),
                       sizes[i].rules, sizes[i].requests);
    measure_all(subjects, SIZES, options);
    printf("%-20s", shape->name);
    for (size_t i = 0; i <= LARGEST; i++)
        printf(" %8.0f", subjects[i].median_ns);
    printf(" %6.2f %10.0f %7.0f ms\n",
           subjects[LARGEST].median_ns / subjects[SMALLEST].median_ns,
           subjects[LARGEST + 1].median_ns,
           (double)decides[LARGEST].load_ns / MILLISECOND);
    for (size_t i = 0; i < SIZES; i++)
        decide_fini(&decides[i]);
}

int main(int argc, char **argv)
{
    static const struct shape *const shapes[] = { &shape_host, &shape_path,
                                                  &shape_header, &shape_mixed,
                                                  &shape_unindexable };
    struct measure_options options = { .rounds = ROUNDS,
                                       .round_ns = 5 * MILLISECOND };
    long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : ROUNDS;

    if (argc > 2 || rounds < 1 || rounds > MEASURE_ROUNDS_MAX) {
        fprintf(stderr, "usage: sluice-micro [ROUNDS]   1 .. %d\n",
                MEASURE_ROUNDS_MAX);
        return EXIT_FAILURE;
    }
    options.rounds = (uint32_t)rounds;
    measure_twenty(&options);
    print_head();
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        measure_shape(shapes[i], &options);
    return EXIT_SUCCESS;
}
