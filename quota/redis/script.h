/*
 * The script that takes and releases inside Redis, lua/charge.lua: how it is
 * called, and what its replies mean.
 * Keys: PREFIX{QUOTA:KEY}:tokens or :leases, and PREFIX{QUOTA:KEY}:took:ID or
 * :gave:ID for what was granted to an id; KEY and ID in hex. All expire.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_SCRIPT_H
#define QUOTA_REDIS_SCRIPT_H

#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"
#include "quota/store.h"

#include <stdbool.h>

struct script {
    struct str text;
    struct str sha1; /* of the text, in hex */
};

/* lua/charge.lua; made by the build. */
extern const struct script script_charge;

/* These write one command. False: no room for it, nothing is written. */

/* Charges a take. The lease_id of the grant of each charge on CONCURRENCY is
 * set: the lease is taken under that id. */
bool script_put_take(struct outbox *outbox, struct str prefix,
                     const struct take *take);
bool script_put_release(struct outbox *outbox, struct str prefix,
                        const struct release *release);

/* Tries, and loads by the way, the script itself: writes a key that expires
 * after a millisecond. */
bool script_put_probe(struct outbox *outbox, struct str prefix);

/* Loads it, for Redis has forgotten it. */
bool script_put_load(struct outbox *outbox);

/* As one argument, the key of the leases of a quota's key. */
void script_put_leases_key(struct outbox *outbox, struct str prefix,
                           struct str quota, const struct quota_id *key);

/* These read the reply. False: the reply is none to that. */

/* Fills take->status and the grants. */
bool script_read_take(const struct reply *reply, struct take *take);
/* Fills release->released. */
bool script_read_release(const struct reply *reply, struct release *release);
bool script_read_probe(const struct reply *reply);

/* The reply says that Redis does not know the script: it did not run. */
bool script_is_missing(const struct reply *reply);

#endif
