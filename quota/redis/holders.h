/*
 * The script that lists leases, lua/holders.lua: how it is called, and what
 * its replies mean. It only reads, is asked for seldom, and so is sent as a
 * text each time: that Redis may have forgotten it is no case of its own.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_HOLDERS_H
#define QUOTA_REDIS_HOLDERS_H

#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"
#include "quota/redis/script.h"
#include "quota/store.h"

#include <stdbool.h>

/* lua/holders.lua; made by the build. */
extern const struct script script_holders;

/* Of an answer. */
#define HOLDERS_INTEGERS_MIN 2

/* Writes the command. False: no room for it, nothing is written. */
bool holders_put(struct outbox *outbox, struct str prefix,
                 const struct holders *holders);

/* Fills the answer. False: the reply is none to that. */
bool holders_read(const struct reply *reply, struct holders *holders);

#endif
