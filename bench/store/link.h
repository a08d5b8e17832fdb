/*
 * A connection to one Redis, for what goes round the store.
 * Threads: one at a time.
 */
#ifndef BENCH_STORE_LINK_H
#define BENCH_STORE_LINK_H

#include "quota/redis/connection.h"

#include <stdint.h>

/* These return why it failed, or NULL. */

/* Begins to connect; server: "unix:/path" or "number:port". The connection is
 * closed by its owner. */
const char *link_open(struct connection *connection, const char *server);

/* Goes on with connecting; then sends what can be sent and receives what has
 * come, of which it waits for something, at most `most_ns`. */
const char *link_exchange(struct connection *connection, int64_t most_ns);

/* Sends what was written, one command, and waits for the reply: then in
 * connection->reader.reply. An error is a failure. */
const char *link_ask(struct connection *connection);

#endif
