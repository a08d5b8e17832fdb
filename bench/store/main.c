/*
 * sluice-stores: what an operation of a store costs, and what is kept of it.
 * Prints JSON: see bench/README.md.
 */
#include "bench/store/options.h"
#include "bench/store/room.h"
#include "bench/store/run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define WRONG_USAGE 2

static int print(json_t *json, const char *fault)
{
    json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(json);
    if (fault)
        fprintf(stderr, "sluice-stores: %s\n", fault);
    return fault ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* us per operation; null: not measured. */
static json_t *cpu_us(double used_us, double operations)
{
    return used_us < 0 || operations <= 0 ? json_null()
                                          : json_real(used_us / operations);
}

static int measure(const struct run *run)
{
    struct run_result result;

    run_measure(run, &result);
    return print(json_pack("{s:f, s:o, s:o, s:I}", "rate", result.rate, "cpu",
                           cpu_us((double)result.cpu_ns / 1e3,
                                  (double)result.operations),
                           "redis_cpu",
                           cpu_us(result.server_cores * 1e6, result.rate),
                           "outages", (json_int_t)result.outages),
                 result.fault[0] ? result.fault : NULL);
}

static int make_room(const struct store_options *options)
{
    const struct run *run = &options->run;
    const char *fault = NULL;
    struct keys keys;
    double bytes = -1;

    keys_init(&keys, run->keys);
    if (run->server)
        fault = room_in_redis(run->subject, run->server, &keys,
                              options->is_one_key);
    else
        bytes = room_in_memory(run->subject, &keys, options->is_one_key);
    keys_fini(&keys);
    if (run->server)
        return print(json_object(), fault);
    return print(json_pack("{s:f}", "bytes", bytes),
                 bytes < 0 ? "not all was granted" : NULL);
}

int main(int argc, char **argv)
{
    struct store_options options;

    if (!store_options_parse(&options, argc, argv))
        return WRONG_USAGE;
    if (options.wants_help) {
        store_options_print_help();
        return EXIT_SUCCESS;
    }
    return options.wants_room ? make_room(&options) : measure(&options.run);
}
