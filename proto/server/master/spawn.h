/*
 * Starts the process of a worker: `sluice worker INDEX`, from the program file
 * that runs now, also if another one lies at its path meanwhile.
 * Threads: any; safe beside others, as nothing runs between fork and exec.
 */
#ifndef PROTO_SERVER_MASTER_SPAWN_H
#define PROTO_SERVER_MASTER_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

/* What the worker gets as enum worker_fd. They stay the caller's, who has them
 * from worker_fd_above. */
struct spawn_fds {
    int control, shared, store, bundle;
};

/* The process, or -1 with errno. It starts with no signal blocked, and with no
 * other descriptor than these and the standard ones. */
pid_t spawn_worker(uint32_t index, const struct spawn_fds *fds);

#endif
