/*
 * What a load led to.
 * Threads: one at a time.
 */
#ifndef BENCH_LOAD_RESULTS_H
#define BENCH_LOAD_RESULTS_H

#include "bench/load/latency.h"
#include "bench/load/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* What must not happen. Counted from the first moment to the last. */
#define FAILURES(X)                                                            \
    X(CONNECT, "connect", "connections that could not be made")                \
    X(LOST, "lost", "connections that broke")                                  \
    X(GOAWAY, "goaway", "connections that the server gave notice")             \
    X(ABORTED, "aborted", "requests that went down with their connection")     \
    X(RESET, "reset", "requests that the server reset")                        \
    X(HTTP, "http", "replies with another HTTP status than 200")               \
    X(INCOMPLETE, "incomplete", "replies without a gRPC status")               \
    X(UNANSWERED, "unanswered", "requests that nobody answered until the end") \
    X(UNSENT, "unsent", "requests that were due but found no free stream")

enum failure {
#define X(name, label, help) FAILURE_##name,
    FAILURES(X)
#undef X
};

#define X(name, label, help) +1
enum { FAILURE_COUNT = FAILURES(X) };
#undef X

/* gRPC's codes are 0 .. 16. */
#define GRPC_STATUS_COUNT 17

/*
 * `measured` requests are those that were due in the measured span. A closed
 * loop's request is due when it is sent.
 */
struct results {
    uint64_t replied; /* status OK, in the measured span: the throughput */
    struct latency latency; /* of measured requests with status OK, from when
                               they were due */
    uint64_t statuses[GRPC_STATUS_COUNT];   /* of measured requests */
    uint64_t verdicts[REPLY_VERDICT_COUNT]; /* of measured requests with OK */
    uint64_t failures[FAILURE_COUNT];
};

void results_add(struct results *results, const struct results *other);

/* No failure, no status but OK, and nothing malformed. */
bool results_are_good(const struct results *results);

#endif
