/*
 * The command line of sluice-bench.
 * Threads: one at a time.
 */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "bench/load/connection.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PIDS_MAX 64

struct server_process {
    pid_t pid;
    bool with_children;
};

struct options {
    struct target target;
    const char *path;    /* of the method */
    const char *address; /* the text of target.address */
    const char *bodies;  /* "mixer", or a file */
    const char *quota;   /* NULL: none */
    uint32_t keys, connections, streams, threads;
    uint32_t rate; /* 0: closed loop */
    int64_t duration_ns, warmup_ns;
    struct server_process processes[PIDS_MAX];
    uint32_t process_count;
    bool has_id, is_json, wants_help;
};

/* Errors go to standard error. False if there was one. */
bool options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

#endif
