/*
 * Counts what becomes of calls, in the worker's block of the shared memory.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_TALLY_H
#define PROTO_SERVER_CALL_TALLY_H

#include "proto/server/call/call.h"
#include "proto/server/shared/shared.h"
#include "quota/store.h"

#include <stdint.h>

/* How the call ends; nothing for a service without verdicts. */
void tally_verdict(struct call *call, enum verdict verdict);

/* The same for a call that was decided, with the rules that took part. */
void tally_check(struct call *call);

/* What the store answered, or on_outage in its place. */
void tally_quotas(struct call *call);

/* Leases that were given back; release->released >= 0. */
void tally_release(struct call *call, const struct release *release);

/* The reply is sent, or nobody waited for it. */
void tally_reply(struct call *call, int64_t now_ns);

#endif
