/*
 * sluice.v1.Policy on the wire: proto/api/sluice/v1/policy.proto.
 * Threads: any, over its own arena.
 */
#ifndef PROTO_WIRE_POLICY_H
#define PROTO_WIRE_POLICY_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Handles of one ReleaseRequest; more are refused. */
#define RELEASE_HANDLES_MAX 64

/*
 * The handles of a ReleaseRequest, borrowed from the arena; handles: room for
 * `max`. False if `body` is none, names more than `max`, or is beyond the
 * arena's limit.
 */
bool policy_decode_release(struct str body, struct arena *arena,
                           struct str *handles, uint32_t max, uint32_t *count);

/* A ReleaseResponse; released: units given back. data == NULL if the arena's
 * limit is hit. */
struct str policy_encode_release(int64_t released, struct arena *arena);

/* The client's side. data == NULL if the arena's limit is hit. */
struct str policy_encode_release_request(const struct str *handles,
                                         uint32_t count, struct arena *arena);
bool policy_decode_release_response(struct str body, struct arena *arena,
                                    int64_t *released);

#endif
