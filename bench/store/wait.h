/*
 * Waits for sockets.
 * Threads: any.
 */
#ifndef BENCH_STORE_WAIT_H
#define BENCH_STORE_WAIT_H

#include "quota/store.h"

#include <stdint.h>

/* For what the store wants, at most `most_ns`; fills wait->fds[].revents. */
void wait_for_store(struct store_wait *wait, int64_t most_ns);

#endif
