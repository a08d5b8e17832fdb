/*
 * A thread that makes load: its connections, and the loop that sends when
 * something is due and takes the replies.
 *
 * Closed loop: every stream sends its next request when it has its reply.
 * Open loop: requests are due at fixed times whatever the server does. One
 * that finds no free stream is sent late, and its latency counts from when it
 * was due: a server that stalls cannot hide it (no coordinated omission).
 * Threads: as said for each function.
 */
#ifndef BENCH_LOAD_RUNNER_H
#define BENCH_LOAD_RUNNER_H

#include "bench/load/body.h"
#include "bench/load/connection.h"
#include "bench/load/links.h"
#include "bench/load/results.h"
#include "policy/base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RATE_MAX 1000000       /* per second */
#define SPAN_MAX_NS (1 * HOUR) /* of warm-up and measurement each */

/* Answers may come this long after the end. */
#define GRACE_NS (5 * SECOND)

/* The load as a whole. Immutable while it runs. */
struct plan {
    struct target target;
    const char *path; /* "/package.Service/Method" */
    const struct bodies *bodies;
    bool has_verdict;     /* replies are Mixer's CheckResponse */
    uint32_t connections; /* of all threads; at least one each */
    uint32_t streams;     /* of each connection */
    uint32_t threads;
    uint32_t rate;     /* requests a second; 0: closed loop */
    uint64_t first_id; /* of requests: it and following numbers are used
                          by nobody else */
    int64_t start_ns;  /* CLOCK_BOOTTIME */
    int64_t begin_ns;  /* from here on it is measured */
    int64_t end_ns;    /* until here; then nothing more is due */
};

struct runner {
    const struct plan *plan;
    uint32_t index; /* 0 .. plan->threads - 1 */
    pthread_t thread;
    struct links links;
    uint32_t last_link; /* an open loop takes connections in turn */
    uint64_t sent_count;
    uint32_t in_flight;
    struct results results;
};

/* Starts the thread. Aborts if the system gives none. */
void runner_start(struct runner *runner, const struct plan *plan,
                  uint32_t index);

/* Waits for its end, at the latest GRACE_NS after plan->end_ns, and adds what
 * it found. */
void runner_join(struct runner *runner, struct results *results);

#endif
