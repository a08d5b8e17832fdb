/*
 * Asks sentinels where the master is. What they say is only a hint: whether a
 * master is there, who connects to it has to find out.
 * Source: "Guidelines for Redis clients with support for Redis Sentinel".
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_SENTINEL_H
#define QUOTA_REDIS_SENTINEL_H

#include "quota/redis/inquiry.h"
#include "quota/redis/redis.h"
#include "quota/redis/reply.h"

struct sentinel {
    struct inquiry inquiry;
    char *master;
    char found[ADDRESS_TEXT_BYTES]; /* "host:port", by the last answer */
};

/* Copies the settings. Stays where it is until sentinel_fini. */
void sentinel_init(struct sentinel *sentinel,
                   const struct redis_sentinels *settings);
void sentinel_fini(struct sentinel *sentinel);

/* What a sentinel answered, as "host:port" into `server`. NULL, or what is
 * wrong, and `server` stays as it was. Pure. */
const char *sentinel_read(const struct reply *reply,
                          char server[ADDRESS_TEXT_BYTES]);

#endif
