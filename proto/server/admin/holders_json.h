/*
 * What people are told of quotas, as JSON: holders of slots, and the keys that
 * are refused most.
 * Pure; any thread.
 */
#ifndef PROTO_SERVER_ADMIN_HOLDERS_JSON_H
#define PROTO_SERVER_ADMIN_HOLDERS_JSON_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "proto/server/admin/hot_board.h"
#include "quota/store.h"

#include <jansson.h>
#include <stdint.h>

/* [{"id", "units", "ends_in"}]: the id in hex. */
json_t *holders_json(const struct holders *holders);

/* [{"quota", "key", "refusals", "seconds_ago"}], of CONCURRENCY also "full",
 * and if it is "limit", "used", "leases" and "holders". now_ns:
 * CLOCK_BOOTTIME. */
json_t *hot_rows_json(const struct hot_rows *rows, int64_t now_ns);

/* A duration such as "1500ms", rounded up to milliseconds, and from 10 s on to
 * seconds; null if it is negative: not known. */
json_t *json_time(int64_t ns, struct arena *arena);

/* Any bytes as a text; what is no UTF-8 is shown as '?'. */
json_t *json_of_bytes(struct str bytes);

#endif
