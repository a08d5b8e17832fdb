/*
 * Who Sluice says it is to a server, first of all on each connection: a user
 * and a password. What a server says about that is never repeated, since it may
 * hold the password.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_LOGIN_H
#define QUOTA_REDIS_LOGIN_H

#include "quota/redis/outbox.h"
#include "quota/redis/redis.h"
#include "quota/redis/reply.h"

#include <stdbool.h>

struct login {
    char *user, *password;
};

/* Copies them. */
void login_init(struct login *login,
                const struct redis_credentials *credentials);
void login_fini(struct login *login);

/* Without a password there is nothing to say. */
bool login_is_needed(const struct login *login);

/* Writes AUTH. False: no room, nothing is written. */
bool login_put(const struct login *login, struct outbox *outbox);

/* NULL, or what is wrong according to the reply to it. */
const char *login_fault(const struct reply *reply);

#endif
