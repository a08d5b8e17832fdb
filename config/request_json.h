/*
 * A request as JSON, as it would come to a server:
 *   { "attributes": { "request.path": "/x" },
 *     "quotas": { "per-user": 1 },
 *     "time": "2026-11-24T21:00:00Z" }
 * of which each may be left out, or its attributes alone:
 *   { "request.path": "/x" }
 * Threads: one at a time.
 */
#ifndef CONFIG_REQUEST_JSON_H
#define CONFIG_REQUEST_JSON_H

#include "policy/attr/bag.h"
#include "policy/base/str.h"
#include "policy/check/check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct request_json {
    struct check_input input;
    struct bag bag;
    struct quota_ask asks[QUOTAS_PER_CHECK_MAX];
};

/* Borrows from the JSON. Memory is the arena's, which has no limit. wall_ns:
 * when it comes, where it does not say. False if it is no request; *why, in the
 * arena, is then a sentence. The input points into *request. */
bool request_json_read(struct request_json *request, const json_t *json,
                       const struct vocabulary *vocabulary, int64_t wall_ns,
                       struct arena *arena, struct str *why);

#endif
