/*
 * What is sent to Redis: one command and its reply.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_COMMAND_H
#define QUOTA_REDIS_COMMAND_H

#include "quota/redis/login.h"
#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"

#include <stdbool.h>
#include <stdint.h>

enum command_kind {
    COMMAND_CHARGE,  /* takes and releases, many at once */
    COMMAND_HOLDERS, /* a list of holders */
    COMMAND_LOGIN,
    COMMAND_SELECT,
    COMMAND_ROLE,  /* whether it is a master */
    COMMAND_CLOCK, /* how late it is there */
    COMMAND_PROBE,
    COMMAND_LOAD,   /* the script */
    COMMAND_ASKING, /* for a slot that is on its way there */
};

struct command {
    enum command_kind kind;
    uint32_t operation_count; /* COMMAND_CHARGE, COMMAND_HOLDERS */
};

/* What the commands need besides. */
struct command_target {
    struct str prefix; /* of all keys */
    uint32_t database;
    const struct login *login;
    const struct quota_id
        *probe_key; /* NULL: there is none that it may write */
};

/* Writes one that has no operations. False: no room, nothing is written. */
bool command_put(enum command_kind kind, struct outbox *outbox,
                 const struct command_target *target);

/* Of one that has no operations. False: the reply is not what the command is
 * sent for, but an error or anything else. */
bool command_is_answered(enum command_kind kind, const struct reply *reply);

#endif
