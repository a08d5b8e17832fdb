/*
 * One connection to Redis: a socket that never blocks, what is to be sent on
 * it, and the replies that arrive.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_CONNECTION_H
#define QUOTA_REDIS_CONNECTION_H

#include "quota/redis/outbox.h"
#include "quota/redis/reply.h"

#include <stdbool.h>
#include <sys/socket.h>

struct connection {
    int fd; /* -1: none */
    bool is_connected;
    struct outbox outbox;
    struct reply_reader reader;
};

void connection_init(struct connection *connection);
void connection_fini(struct connection *connection);

/*
 * These return why the connection is lost, as a constant text, or NULL if it
 * is not; the owner then closes it.
 */

/* Starts to connect. There must be no connection. */
const char *connection_open(struct connection *connection,
                            const struct sockaddr *sockaddr, socklen_t len);

/* Call when the socket became writable and is not connected. */
const char *connection_finish(struct connection *connection);

/* Sends what it can. */
const char *connection_send(struct connection *connection);

/* Reads what there is, up to a bound; *is_drained: no more was there. Then
 * take the replies out of connection->reader before reading again. */
const char *connection_receive(struct connection *connection, bool *is_drained);

/* Forgets all that was to be sent or half received. */
void connection_close(struct connection *connection);

/* The events of poll that it waits for. */
short connection_events(const struct connection *connection);

#endif
