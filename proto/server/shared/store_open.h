/*
 * Opens the store that a configuration asks for in this process.
 * Threads: the opener's; then as quota/store.h says.
 */
#ifndef PROTO_SERVER_SHARED_STORE_OPEN_H
#define PROTO_SERVER_SHARED_STORE_OPEN_H

#include "config/snapshot.h"
#include "quota/redis/redis.h"
#include "quota/store.h"

/* fd: of the memory store, else not used. Settings and events are copied. NULL
 * if the memory is of another version. */
struct store *store_open(const struct store_settings *settings, int fd,
                         const struct redis_events *events);

/* Another configuration serves: what can change of a Redis store without a
 * restart does, if the settings are of one. */
void store_open_renew(struct store *store,
                      const struct store_settings *settings);

#endif
