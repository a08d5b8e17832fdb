#include "bench/store/link.h"

#include "policy/base/clock.h"
#include "quota/redis/address.h"

#include <poll.h>

#define ANSWER_WITHIN_NS (10 * SECOND)

const char *link_open(struct connection *connection, const char *server)
{
    struct address address;
    const struct sockaddr *sockaddr;
    socklen_t len;
    const char *fault = "no path, nor a number and a port";

    address_init(&address, str_of(server));
    if (address_next(&address, &sockaddr, &len) == ADDRESS_FOUND)
        fault = connection_open(connection, sockaddr, len);
    address_fini(&address);
    return fault;
}

const char *link_exchange(struct connection *connection, int64_t most_ns)
{
    const char *fault =
        connection->is_connected ? connection_send(connection) : NULL;
    struct pollfd fd = { .fd = connection->fd,
                         .events = connection_events(connection) };
    bool is_drained;

    if (fault)
        return fault;
    if (poll(&fd, 1, (int)(most_ns / MILLISECOND)) <= 0)
        return NULL;
    if (!connection->is_connected)
        return connection_finish(connection);
    if (!(fd.revents & (POLLIN | POLLHUP | POLLERR)))
        return NULL;
    return connection_receive(connection, &is_drained);
}

const char *link_ask(struct connection *connection)
{
    int64_t until_ns = clock_boot_ns() + ANSWER_WITHIN_NS;

    while (clock_boot_ns() < until_ns) {
        const char *fault = link_exchange(connection, SECOND);

        if (fault)
            return fault;
        switch (reply_next(&connection->reader)) {
        case REPLY_READY:
            return connection->reader.reply.kind == REPLY_ERROR
                       ? connection->reader.reply.error
                       : NULL;
        case REPLY_BROKEN:
            return "a malformed reply";
        case REPLY_NONE:
            break;
        }
    }
    return "no answer";
}
