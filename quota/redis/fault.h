/*
 * What an error that Redis answers with means to the store: one table, by the
 * error's first word.
 * Source: the Redis documentation and its server.c, versions 6.2 to 7.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_FAULT_H
#define QUOTA_REDIS_FAULT_H

enum fault_kind {
    /* This operation is an outage; nothing is known of the next. Several in a
     * row open the breaker. */
    FAULT_OPERATION,
    /* Redis is up, but serves nobody for a while: the breaker opens at once and
     * probes go over the connection, which is good. */
    FAULT_AWAY,
    /* The connection leads to the wrong server, or is good for nothing: the
     * breaker opens, the connection is given up, and the server is looked for
     * again. */
    FAULT_ASTRAY,
    /* The script is not known and did not run: it is loaded, and the operation
     * sent again. */
    FAULT_SCRIPT,
};

/*
 * X(first word, kind, what it means, for the log). Where the word is none of
 * these it is FAULT_OPERATION; but a probe that is answered so, or by any error
 * but FAULT_AWAY, gives the connection up: a proxy may stand between.
 */
#define FAULTS(X)                                                              \
    X(READONLY, ASTRAY, "it is a replica")                                     \
    X(MASTERDOWN, ASTRAY, "it is a replica that has lost its master")          \
    X(NOAUTH, ASTRAY, "it wants a password")                                   \
    X(WRONGPASS, ASTRAY, "user or password are wrong")                         \
    X(NOPERM, AWAY, "the user may not do what the store needs")                \
    X(LOADING, AWAY, "it is loading its data")                                 \
    X(BUSY, AWAY, "it is busy with a script")                                  \
    X(MISCONF, AWAY, "it takes no writes, as it cannot save them")             \
    X(NOREPLICAS, AWAY, "it takes no writes, as it has too few replicas")      \
    X(CLUSTERDOWN, AWAY, "the cluster is down")                                \
    X(OOM, OPERATION, "its memory is full")                                    \
    X(TRYAGAIN, OPERATION, "the keys are being moved")                         \
    X(MOVED, OPERATION, "the key is on another node of the cluster")           \
    X(ASK, OPERATION, "the key is on another node of the cluster")             \
    X(CROSSSLOT, OPERATION, "the keys are on different nodes of a cluster")    \
    X(NOSCRIPT, SCRIPT, "it does not know the script")

struct fault {
    const char *word;
    enum fault_kind kind;
    const char *meaning;
};

/* The row of an error, or NULL. error: without the "-" of the protocol. */
const struct fault *fault_find(const char *error);

/* Its kind, also where it has no row. */
enum fault_kind fault_kind_of(const char *error);

#endif
