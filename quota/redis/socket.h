/*
 * Connections among the sockets that a store waits for.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_SOCKET_H
#define QUOTA_REDIS_SOCKET_H

#include "quota/redis/connection.h"
#include "quota/store.h"

#include <stdint.h>

/* Until then at the latest. */
void socket_wait_until(struct store_wait *wait, int64_t deadline_ns);

/* Adds the connection's socket, if it has one; there must be room. */
void socket_wait_for(struct store_wait *wait,
                     const struct connection *connection, short events);

/* What is ready on it; 0: nothing. ready: NULL: nothing is on any. */
short socket_events(const struct store_wait *ready,
                    const struct connection *connection);

#endif
