/*
 * Opens the store of a configuration in this process.
 * Threads: the opener's; then as quota/store.h says.
 */
#ifndef PROTO_SERVER_STORE_OPEN_H
#define PROTO_SERVER_STORE_OPEN_H

#include "config/snapshot.h"
#include "quota/redis/redis.h"
#include "quota/store.h"

/* fd: of the memory store, else not used. settings are copied. NULL if the
 * memory is of another version. */
struct store *store_open(const struct store_settings *settings, int fd,
                         const struct redis_events *events);

#endif
