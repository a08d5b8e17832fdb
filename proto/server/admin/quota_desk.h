/*
 * What an operator may ask and do about quotas: look into a key, give all of
 * it back, end the leases of a handle. JSON in, JSON out; who changes
 * something is logged.
 *   POST /v1/peek     {"quota", "dimensions"}
 *        {"quota", "key", "algorithm", "limit", "used", "remaining",
 *         "full_after", "override"}, of CONCURRENCY also "leases" and
 *         "holders": [{"id", "units", "ends_in"}], those that end first
 *   POST /v1/reset    {"quota", "dimensions"}
 *        {"quota", "key", "released", "used"}
 *   POST /v1/release  {"lease"}
 *        {"released"}
 * else {"error"}. Times are durations such as "1.5s"; null: not known.
 * Threads: one, whose the store is; it waits for the store, for seconds at
 * most.
 */
#ifndef PROTO_SERVER_ADMIN_QUOTA_DESK_H
#define PROTO_SERVER_ADMIN_QUOTA_DESK_H

#include "policy/base/str.h"
#include "proto/server/loader/edition_board.h"
#include "proto/server/shared/shared.h"
#include "quota/store.h"

#include <jansson.h>
#include <sys/types.h>

struct quota_desk {
    struct store *store;
    struct edition_board *editions;
    struct shared *shared; /* whose gate a reset outdates */
};

/* Who asks. */
struct desk_peer {
    uid_t uid;
    pid_t pid;
};

/* An HTTP status, and the object that goes with it: json_decref it. */
struct desk_answer {
    unsigned status;
    json_t *body;
};

struct desk_answer quota_desk_answer(struct quota_desk *desk, const char *path,
                                     struct str body, struct desk_peer peer);

/* The answer {"error": message}. */
struct desk_answer desk_refuse(unsigned status, struct str message);

#endif
