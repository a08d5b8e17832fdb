/*
 * One measurement: some processes, each with operations in flight, for a while.
 * Threads: one; makes processes of its own.
 */
#ifndef BENCH_STORE_RUN_H
#define BENCH_STORE_RUN_H

#include "bench/store/subject.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RUN_SERVERS_MAX 16

struct run {
    const struct subject *subject;
    const char *server; /* of Redis, as in use.h; NULL: the memory store */
    bool is_cluster;    /* of which it is a node */
    /* Whose CPU time counts as that of Redis. */
    pid_t server_pids[RUN_SERVERS_MAX];
    uint32_t server_count;
    uint32_t keys, depth, processes;
    int64_t warmup_ns, duration_ns;
};

#define RUN_PROCESSES_MAX 16
#define RUN_FAULT_BYTES 128

struct run_result {
    uint64_t operations;
    uint64_t outages;    /* besides; see client.h */
    double rate;         /* operations per second */
    int64_t cpu_ns;      /* of all our processes, for those operations */
    double server_cores; /* that Redis was busy with them; < 0: not measured */
    char fault[RUN_FAULT_BYTES]; /* empty: all went well */
};

/* Each process is measured from when it has done something after the warm-up,
 * and until it has done something: also where the machine is busy. */
void run_measure(const struct run *run, struct run_result *result);

#endif
