/*
 * CPU time of processes that run beside us, from /proc.
 * Threads: any.
 */
#ifndef BENCH_LOAD_CPU_H
#define BENCH_LOAD_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the threads that `pid` has now have used, in ns; with_children: also
 * those of the processes that it started, and so on. -1: there is no such
 * process, or it may not be looked at. */
int64_t cpu_used_ns(pid_t pid, bool with_children);

#endif
