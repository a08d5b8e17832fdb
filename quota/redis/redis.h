/*
 * The Redis store: quotas shared by all replicas. Does no I/O of its own
 * accord: store_wait says for which sockets and until when it waits,
 * store_step reads, writes and times out. One connection per node, everything
 * pipelined. Time is Redis' own; keys are declared, hash-tagged and expire.
 * An outage is answered within the deadline; a breaker keeps a dead Redis from
 * costing a deadline per call.
 * Threads: one at a time.
 */
#ifndef QUOTA_REDIS_REDIS_H
#define QUOTA_REDIS_REDIS_H

#include "policy/base/str.h"
#include "quota/store.h"

#include <stdint.h>

/* Who Sluice is to a server. */
struct redis_credentials {
    struct str user;     /* empty: the server's default user */
    struct str password; /* empty: nothing is said. Never to be shown */
};

#define REDIS_SERVERS_MAX 16

/* Sentinels, which know where the master is. */
struct redis_sentinels {
    const struct str *servers; /* where they are, as of a server */
    uint32_t count;            /* 1 .. REDIS_SERVERS_MAX */
    struct str master;         /* by which they know it */
    struct redis_credentials credentials;
};

/* The nodes of a cluster that are asked first which of its masters has what. */
struct redis_cluster {
    const struct str *servers; /* where they are, as of a server */
    uint32_t count;            /* 1 .. REDIS_SERVERS_MAX */
};

struct redis_settings {
    struct str server; /* "host:port" (numeric or resolvable) or "unix:/path" */
    /* Instead of `server`, one of these; else NULL. */
    const struct redis_sentinels *sentinels;
    const struct redis_cluster *cluster;
    struct redis_credentials credentials;
    struct str key_prefix;
    uint32_t database;
    int64_t deadline_ns; /* of one operation */
};

/* What happens to the connection, for the owner's log. detail: free text. */
struct redis_events {
    void (*up)(void *context, const char *server);
    void (*down)(void *context, const char *server, const char *detail);
    void *context;
};

/*
 * Copies the settings. With sentinels, the server is the one that they call the
 * master and that says so itself; they are asked again whenever it is lost.
 * Connects when first stepped; works without Redis, and
 * with an address that is none: then every operation is an outage, and `down`
 * says why. Names are looked up by a thread of the C library, again for each
 * connection, and never waited for. Needs Redis 6.2 or later.
 */
struct store *redis_store_new(const struct redis_settings *settings,
                              const struct redis_events *events);

/* Copies them; they hold from the next connection on. of_sentinels: NULL: as
 * they were. */
void redis_store_set_credentials(struct store *store,
                                 const struct redis_credentials *credentials,
                                 const struct redis_credentials *of_sentinels);

#endif
