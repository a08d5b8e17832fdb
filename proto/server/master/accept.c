#include "proto/server/master/accept.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

/* How many connections one event accepts: other events have their turn. */
#define ACCEPT_BURST 32
/* How long to leave connections in the backlog. */
#define BUSY_PAUSE_NS (10 * MILLISECOND)
#define SHORT_PAUSE_NS (100 * MILLISECOND)

static void pause_accepting(struct acceptor *acceptor, int64_t until_ns)
{
    for (uint32_t i = 0; i < acceptor->port_count; i++)
        loop_remove(acceptor->loop, &acceptor->ports[i].waitable);
    acceptor->is_accepting = false;
    loop_set(acceptor->loop, &acceptor->resume, until_ns);
}

static void on_resume(struct timer *timer, int64_t now_ns)
{
    struct acceptor *acceptor = container_of(timer, struct acceptor, resume);

    acceptor->is_accepting = true;
    for (uint32_t i = 0; i < acceptor->port_count; i++)
        if (!loop_add(acceptor->loop, &acceptor->ports[i].waitable)) {
            pause_accepting(acceptor, now_ns + SHORT_PAUSE_NS);
            return;
        }
}

/* What to do when accept4 failed: some errors are a single connection's. */
static void on_accept_error(struct acceptor *acceptor, int error,
                            int64_t now_ns)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        if (!acceptor->is_short)
            log_error("accept_paused", "error=\"%s\"", strerror(error));
        acceptor->is_short = true;
        pause_accepting(acceptor, now_ns + SHORT_PAUSE_NS);
        break;
    default:
        break;
    }
}

static void format_peer(const struct socket_name *peer,
                        char out[static SOCKET_NAME_SIZE])
{
    if (peer->any.sa_family == AF_UNIX)
        snprintf(out, SOCKET_NAME_SIZE, "unix:");
    else
        socket_name_format(peer, out);
}

static void hand_over(struct acceptor *acceptor, int connection,
                      const struct socket_name *peer)
{
    const int one = 1;
    char text[SOCKET_NAME_SIZE];

    format_peer(peer, text);
    /* Fails only if the peer is gone already, which the worker will see. */
    if (peer->any.sa_family != AF_UNIX)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (!fleet_hand(acceptor->fleet, connection, text))
        log_warning("connection_dropped", "peer=%s error=\"%s\"", text,
                    strerror(errno));
    close(connection);
}

static void on_connection(struct waitable *waitable, int64_t now_ns)
{
    struct port *port = container_of(waitable, struct port, waitable);
    struct acceptor *acceptor = port->acceptor;

    for (int i = 0; i < ACCEPT_BURST; i++) {
        struct socket_name peer = { .length = sizeof(peer.local) };
        int connection;

        if (!fleet_has_room(acceptor->fleet)) {
            pause_accepting(acceptor, now_ns + BUSY_PAUSE_NS);
            return;
        }
        connection = accept4(waitable->fd, &peer.any, &peer.length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection < 0) {
            on_accept_error(acceptor, errno, now_ns);
            return;
        }
        acceptor->is_short = false;
        hand_over(acceptor, connection, &peer);
    }
}

void acceptor_init(struct acceptor *acceptor, struct loop *loop,
                   struct fleet *fleet)
{
    *acceptor = (struct acceptor){ .loop = loop, .fleet = fleet };
    timer_init(&acceptor->resume, on_resume);
}

bool acceptor_bind(struct acceptor *acceptor, struct str address,
                   char error[static LISTEN_ERROR_SIZE])
{
    struct port *port = &acceptor->ports[acceptor->port_count];

    if (acceptor->port_count == PORTS_MAX) {
        snprintf(error, LISTEN_ERROR_SIZE,
                 "cannot listen on more than %d addresses", PORTS_MAX);
        return false;
    }
    if (!listener_open(&port->listener, address, error))
        return false;
    port->acceptor = acceptor;
    port->waitable = (struct waitable){ port->listener.fd, on_connection };
    acceptor->port_count++;
    return true;
}

void acceptor_start(struct acceptor *acceptor)
{
    assert(!acceptor->is_accepting);
    loop_set(acceptor->loop, &acceptor->resume, 0);
}

void acceptor_fini(struct acceptor *acceptor)
{
    loop_cancel(&acceptor->resume);
    for (uint32_t i = 0; i < acceptor->port_count; i++) {
        if (acceptor->is_accepting)
            loop_remove(acceptor->loop, &acceptor->ports[i].waitable);
        listener_close(&acceptor->ports[i].listener);
    }
    acceptor->is_accepting = false;
    acceptor->port_count = 0;
}
