/*
 * The script that takes and releases inside Redis, made of lua/: how it is
 * called. One call makes many takes and releases, each by itself.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_SCRIPT_H
#define QUOTA_REDIS_SCRIPT_H

#include "quota/redis/operation.h"
#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"

#include <stdbool.h>
#include <stdint.h>

struct script {
    struct str text;
    struct str sha1; /* of the text, in hex */
};

/* Made by the build. */
extern const struct script script_charge;

/* The most that one call makes: Redis does nothing else meanwhile. */
#define SCRIPT_CHECKS_MAX 32
#define SCRIPT_CHARGES_MAX 64

/* These write one command. False: no room for it, nothing is written. */

/* Makes takes and releases: of `operations`, `count` of them, those that have
 * an owner and are no lists; together no more than the most. The lease_id of
 * the grant of each charge on CONCURRENCY is set: the lease is taken under that
 * id. */
bool script_put(struct outbox *outbox, struct str prefix,
                const struct operation *const *operations, uint32_t count);

/* Tries, and loads by the way, the script itself: writes a key of the quota
 * ROW_PROBE that expires after a millisecond. key: NULL: writes nothing. */
bool script_put_probe(struct outbox *outbox, struct str prefix,
                      const struct quota_id *key);

/* Loads it, for Redis has forgotten it. */
bool script_put_load(struct outbox *outbox);

bool script_read_probe(const struct reply *reply);

/* The reply says that Redis does not know the script: it did not run. */
bool script_is_missing(const struct reply *reply);

#endif
