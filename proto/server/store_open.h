/*
 * The store that a configuration asks for, as a worker opens it.
 * Threads: its worker's; under the core's lock once calls are served.
 */
#ifndef PROTO_SERVER_STORE_OPEN_H
#define PROTO_SERVER_STORE_OPEN_H

#include "config/snapshot.h"
#include "proto/server/outage.h"
#include "quota/store.h"

/* fd: of the memory store. NULL: what is there is none of this version. Copies
 * the settings; `outage` is told of the store's outages and must outlive it. */
struct store *store_open(const struct store_settings *settings, int fd,
                         struct outage *outage);

/* Another configuration serves: what can change of a Redis store without a
 * restart does, if the settings are of one. */
void store_open_renew(struct store *store,
                      const struct store_settings *settings);

#endif
