/*
 * The command line of sluice-stores.
 * Threads: one at a time.
 */
#ifndef BENCH_STORE_OPTIONS_H
#define BENCH_STORE_OPTIONS_H

#include "bench/store/run.h"

#include <stdbool.h>

struct store_options {
    struct run run;
    bool wants_room; /* how much usage takes, in place of how fast it is */
    bool is_one_key;
    bool wants_help;
};

/* Errors go to standard error. False if there was one. */
bool store_options_parse(struct store_options *options, int argc, char **argv);

void store_options_print_help(void);

#endif
