/*
 * What a call does between decode and encode: a decision, with what it needs of
 * the store, or the return of leases. The store may answer now, or later; then
 * the call goes on from store_step.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_ACTION_H
#define PROTO_SERVER_CALL_ACTION_H

#include "proto/server/call/call.h"
#include "proto/server/call/service.h"

/* Ends, now or later, in call_reply or call_reply_refusal. */
void action_run(struct call *call, enum action action);

/* Gives back the leases of a check whose caller never learned of them. Rates
 * stay charged; but a slot that nobody knows of would be lost until its lease
 * ends. Ends, now or later, in call_finish. */
void action_undo(struct call *call);

#endif
