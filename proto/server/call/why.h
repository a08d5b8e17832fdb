/*
 * What is told of a decision besides the verdict: a line in the log, and to the
 * caller, as trailing metadata,
 *   sluice-decision   the id of a refusal, 16 hexadecimal digits: of one that
 *                     was logged, or that the caller wants explained
 *   sluice-explain    JSON (config/explain_json.h) of at most 4 KiB, if the
 *                     caller asked for it by metadata `sluice-explain: 1` and
 *                     `server.explain` permits it
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_WHY_H
#define PROTO_SERVER_CALL_WHY_H

#include "proto/server/call/call.h"

/* Of a check that is decided, before its reply is sent. Costs nothing where
 * nothing is to be told. */
void why_tell(struct call *call);

#endif
