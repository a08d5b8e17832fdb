#include "quota/redis/connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#define RECEIVE_BYTES 16384

void connection_init(struct connection *connection)
{
    *connection = (struct connection){ .fd = -1 };
    outbox_init(&connection->outbox);
}

void connection_fini(struct connection *connection)
{
    connection_close(connection);
    outbox_fini(&connection->outbox);
}

const char *connection_open(struct connection *connection,
                            const struct sockaddr *sockaddr, socklen_t len)
{
    const int on = 1;

    assert(connection->fd < 0);
    connection->fd = socket(sockaddr->sa_family,
                            SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return strerrordesc_np(errno);
    reply_reader_init(&connection->reader);
    /* Whole batches are sent at once: nothing is gained by waiting. */
    if (sockaddr->sa_family != AF_UNIX &&
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) <
            0)
        return strerrordesc_np(errno);
    if (connect(connection->fd, sockaddr, len) == 0)
        connection->is_connected = true;
    else if (errno != EINPROGRESS)
        return strerrordesc_np(errno);
    return NULL;
}

const char *connection_finish(struct connection *connection)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error != 0)
        return strerrordesc_np(error);
    connection->is_connected = true;
    return NULL;
}

static bool is_temporary(int error)
{
    return error == EAGAIN || error == EINTR;
}

const char *connection_send(struct connection *connection)
{
    struct str unsent = outbox_unsent(&connection->outbox);

    while (unsent.len > 0) {
        ssize_t sent =
            send(connection->fd, unsent.data, unsent.len, MSG_NOSIGNAL);

        if (sent < 0)
            return is_temporary(errno) ? NULL : strerrordesc_np(errno);
        outbox_sent(&connection->outbox, (size_t)sent);
        unsent = outbox_unsent(&connection->outbox);
    }
    return NULL;
}

const char *connection_receive(struct connection *connection, bool *is_drained)
{
    char bytes[RECEIVE_BYTES];
    ssize_t received = recv(connection->fd, bytes, sizeof(bytes), 0);

    *is_drained = received < (ssize_t)sizeof(bytes);
    if (received == 0)
        return "closed by Redis";
    if (received < 0)
        return is_temporary(errno) ? NULL : strerrordesc_np(errno);
    if (!reply_feed(&connection->reader, bytes, (size_t)received))
        return "malformed reply";
    return NULL;
}

void connection_close(struct connection *connection)
{
    if (connection->fd < 0)
        return;
    close(connection->fd);
    connection->fd = -1;
    connection->is_connected = false;
    outbox_clear(&connection->outbox);
    reply_reader_fini(&connection->reader);
}

short connection_events(const struct connection *connection)
{
    if (!connection->is_connected)
        return POLLOUT;
    if (outbox_unsent(&connection->outbox).len > 0)
        return POLLIN | POLLOUT;
    return POLLIN;
}
