/*
 * How much memory there is at most: the machine's, or what a control group of
 * this process, or one above it, allows (memory.max; memory.limit_in_bytes in
 * version 1). What others use of it is not known.
 * Source: the kernel's admin-guide/cgroup-v2 and cgroup-v1/memory; cgroups(7).
 * Threads: any.
 */
#ifndef QUOTA_LOCAL_MEMORY_LIMIT_H
#define QUOTA_LOCAL_MEMORY_LIMIT_H

#include <stdint.h>

#define MEMORY_LIMIT_FROM_SIZE 512

struct memory_limit {
    uint64_t bytes;
    char from[MEMORY_LIMIT_FROM_SIZE]; /* who says so, for people */
};

void memory_limit_find(struct memory_limit *limit);

/* Lowers it to that of the groups in `groups`, which is as /proc/self/cgroup,
 * as far as their files are below `mount`, which is as /sys/fs/cgroup. */
void memory_limit_of_groups(struct memory_limit *limit, const char *groups,
                            const char *mount);

#endif
