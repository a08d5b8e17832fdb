/*
 * What is sent to Redis: one command and its reply. A take or a release has an
 * owner that waits for it.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_OPERATION_H
#define QUOTA_REDIS_OPERATION_H

#include "policy/base/list.h"
#include "quota/redis/login.h"
#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

enum operation_kind {
    OPERATION_TAKE,
    OPERATION_RELEASE,
    OPERATION_EXPIRED, /* its owner has its answer; the reply is skipped */
    OPERATION_LOGIN,
    OPERATION_SELECT,
    OPERATION_ROLE,  /* whether it is a master */
    OPERATION_CLOCK, /* how late it is there */
    OPERATION_PROBE,
    OPERATION_LOAD,
};

struct operation {
    enum operation_kind kind;
    bool is_repeated; /* Redis did not know the script the first time */
    union {
        struct take *take;
        struct release *release;
    };
    int64_t deadline_ns; /* of a take or release */
    struct list link;    /* of a take or release under way: see pending.h */
};

static inline bool operation_has_owner(const struct operation *operation)
{
    return operation->kind == OPERATION_TAKE ||
           operation->kind == OPERATION_RELEASE;
}

/* What the commands need besides. */
struct operation_target {
    struct str prefix; /* of all keys */
    uint32_t database;
    const struct login *login;
};

/* Writes the command. False: no room, nothing is written. Not of one that
 * expired. */
bool operation_put(const struct operation *operation, struct outbox *outbox,
                   const struct operation_target *target);

/* Fills the answer of a take or release. False: the reply is not what the
 * operation is sent for, but an error or anything else. */
bool operation_read(const struct operation *operation,
                    const struct reply *reply);

/* Fills the answer of a take or release as an outage. */
void operation_fail(const struct operation *operation);

/* A take or release is answered: tells its owner. */
void operation_done(const struct operation *operation);

#endif
