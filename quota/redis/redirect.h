/*
 * What a node of a cluster answers when it is not the one to ask: the command
 * did not run, and another node is the one.
 *   MOVED  for good: the slot is the other's
 *   ASK    for this key only: its slot is on its way there
 * Source: "Redis cluster specification", "Redirection and resharding".
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_REDIRECT_H
#define QUOTA_REDIS_REDIRECT_H

#include "quota/redis/address.h"
#include "quota/redis/reply.h"

#include <stdbool.h>
#include <stdint.h>

enum redirect_kind {
    REDIRECT_NONE, /* it is another reply */
    REDIRECT_MOVED,
    REDIRECT_ASK,
};

struct redirect {
    enum redirect_kind kind;
    uint16_t slot;
    char server[ADDRESS_TEXT_BYTES]; /* "host:port" of the other */
};

/* Reads a reply by `server`, as it is called: one without a host means the same
 * host, at another port. Returns redirect->kind. */
enum redirect_kind redirect_read(const struct reply *reply, const char *server,
                                 struct redirect *redirect);

/* Whether the reply is TRYAGAIN: the keys of the command are on both of two
 * nodes, as their slot is on its way. It did not run. */
bool redirect_is_split(const struct reply *reply);

#endif
