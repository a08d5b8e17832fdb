/*
 * The journal of a race: a line for everything that a client learns of a call,
 * in the order of learning, so that whoever reads it while it grows knows of
 * each release before of the grant that it made room for.
 *
 *   check N QUOTA SERVER DUE SENT RECEIVED ERROR GRANTED OUTAGE VALID
 *   release N DUE SENT
 *   released N TOLD ERROR FREED
 *
 * N is the call's number; QUOTA and SERVER count from 0 in the plan. Times are
 * nanoseconds of CLOCK_MONOTONIC, VALID is a span of them. ERROR is the gRPC
 * code of a call that had no answer, else 0. GRANTED, OUTAGE and FREED are 0
 * or 1.
 * Threads: one at a time.
 */
#ifndef BENCH_RACE_JOURNAL_H
#define BENCH_RACE_JOURNAL_H

#include "bench/race/message.h"
#include "policy/rule/rule.h"

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_BYTES ((size_t)64 * 1024)

/* Zeroed but for the descriptor, it is empty. */
struct journal {
    int fd;
    size_t used_bytes;
    char bytes[JOURNAL_BYTES]; /* not yet written */
};

/* How a Check ended. */
struct journal_check {
    uint64_t number;
    uint32_t quota, server;
    int64_t due_ns, sent_ns, received_ns;
    enum status_code error;
    struct answer answer;
};

/* How a release ended. */
struct journal_released {
    uint64_t number;
    int64_t told_ns;
    enum status_code error;
    bool is_freed; /* the lease had been there until then */
};

void journal_check(struct journal *journal, const struct journal_check *check);
void journal_release(struct journal *journal, uint64_t number, int64_t due_ns,
                     int64_t sent_ns);
void journal_released(struct journal *journal,
                      const struct journal_released *released);

/* Writes what is not yet written; the other functions do so when there is no
 * room. Aborts if it cannot be written. */
void journal_flush(struct journal *journal);

#endif
