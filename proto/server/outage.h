/*
 * Whether this worker's store answers, and its bit in the gate that all
 * workers share. An outage begins with the first operation that is not
 * answered. It ends when the store says that it is back, or with an operation
 * that is answered when none was missed for OUTAGE_QUIET_NS; so a store that
 * wavers is one outage, and no more than two lines of log a second.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_OUTAGE_H
#define PROTO_SERVER_OUTAGE_H

#include "proto/server/shared.h"

#include <stdbool.h>
#include <stdint.h>

#define OUTAGE_QUIET_NS INT64_C(1000000000)

struct outage {
    struct gate *gate;
    uint32_t index;    /* of the worker */
    bool is_open;      /* this worker's bit */
    int64_t missed_ns; /* the last operation that was not answered */
};

/* Goes on where a former worker of that index left off. */
void outage_init(struct outage *outage, struct gate *gate, uint32_t index);

/* An operation was answered, or not, at now_ns (CLOCK_BOOTTIME). Logs where an
 * outage of all workers together begins or ends. */
void outage_answered(struct outage *outage, int64_t now_ns);
void outage_missed(struct outage *outage, int64_t now_ns);

/* The store lost its connection (detail: free text), or has one again. */
void outage_down(struct outage *outage, const char *server, const char *detail,
                 int64_t now_ns);
void outage_up(struct outage *outage, int64_t now_ns);

/* A call was answered by its quotas' on_outage. */
void outage_count(struct outage *outage);

#endif
