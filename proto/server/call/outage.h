/*
 * Whether this worker's store answers, and its bit in the gate that all
 * workers share. An outage begins with the first operation that is not
 * answered, or with the loss of the connection. It ends when the store is up
 * and has missed nothing for OUTAGE_QUIET_NS; so a store that wavers is one
 * outage, with two lines of log.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_OUTAGE_H
#define PROTO_SERVER_CALL_OUTAGE_H

#include "proto/server/shared/shared.h"

#include <stdbool.h>
#include <stdint.h>

#define OUTAGE_QUIET_NS INT64_C(500000000)

struct outage {
    struct gate *gate;
    uint32_t index;    /* of the worker */
    bool is_open;      /* this worker's bit */
    int64_t missed_ns; /* the last operation that was not answered */
};

/* Goes on where a former worker of that index left off. */
void outage_init(struct outage *outage, struct gate *gate, uint32_t index);

/* An operation was not answered. Logs if the gate opens by it, as below.
 * now_ns, here and below: CLOCK_BOOTTIME. */
void outage_missed(struct outage *outage, int64_t now_ns);

/* The connection is lost. detail: free text. */
void outage_down(struct outage *outage, const char *server, const char *detail,
                 int64_t now_ns);

/* To be called from time to time. is_up: store->is_up. Logs if the gate shuts.
 */
void outage_turn(struct outage *outage, bool is_up, int64_t now_ns);

/* A call was answered by its quotas' on_outage. */
void outage_count(struct outage *outage);

#endif
