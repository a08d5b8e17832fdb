/*
 * Asks sentinels where the master is: one after the other, beginning with the
 * one that last knew, each for SENTINEL_PATIENCE_NS at most. What they say is
 * only a hint: whether a master is there, who connects to it has to find out.
 * Does no I/O of its own accord, as the store.
 * Source: "Guidelines for Redis clients with support for Redis Sentinel".
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_SENTINEL_H
#define QUOTA_REDIS_SENTINEL_H

#include "policy/base/clock.h"
#include "quota/redis/address.h"
#include "quota/redis/connection.h"
#include "quota/redis/login.h"
#include "quota/redis/redis.h"

#include <stdbool.h>
#include <stdint.h>

#define SENTINEL_PATIENCE_NS (250 * MILLISECOND)

#define SENTINEL_SERVER_BYTES (REPLY_TEXT_BYTES + 16)

struct sentinel {
    struct address addresses[SENTINELS_MAX];
    char *servers[SENTINELS_MAX]; /* as they were given */
    uint32_t count;
    char *master;
    struct login login;

    bool is_asking;
    uint32_t current;     /* the one that is asked, or was last */
    uint32_t asked_count; /* since sentinel_ask */
    struct connection connection;
    bool awaits_login;    /* the next reply is to that */
    int64_t until_ns;     /* the patience with this one ends */
    int64_t lookup_at_ns; /* look for its address again; INT64_MAX: no */

    /* What came of it: "host:port", or "" and why not. */
    char found[SENTINEL_SERVER_BYTES];
    char fault[200];
};

/* Copies the settings. */
void sentinel_init(struct sentinel *sentinel,
                   const struct redis_sentinels *settings);
void sentinel_fini(struct sentinel *sentinel);

/* Copies them, for the next connection. */
void sentinel_set_credentials(struct sentinel *sentinel,
                              const struct redis_credentials *credentials);

/* Begins to ask, while it does not. was_good: the last answer led to a master;
 * else the sentinel that gave it is asked last. */
void sentinel_ask(struct sentinel *sentinel, bool was_good, int64_t now_ns);

/* Goes on. revents: of its connection's socket. True when that ended the
 * asking: see `found`. */
bool sentinel_step(struct sentinel *sentinel, short revents, int64_t now_ns);

/* What a sentinel answered, as "host:port" into `server`. NULL, or what is
 * wrong, and `server` stays as it was. Pure. */
const char *sentinel_read(const struct reply *reply,
                          char server[SENTINEL_SERVER_BYTES]);

/* When to step it at the latest; INT64_MAX while it does not ask. */
int64_t sentinel_deadline_ns(const struct sentinel *sentinel);

#endif
