#include "proto/server/master/listen.h"

#include "config/address.h"
#include "policy/attr/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_path(struct socket_name *name, struct str path)
{
    name->local.sun_family = AF_UNIX;
    memcpy(name->local.sun_path, path.data, path.len);
    name->length = sizeof(name->local);
}

static void set_ip(struct socket_name *name, const struct ip *ip, uint16_t port)
{
    struct in6_addr ipv6;

    memcpy(&ipv6, ip->bytes, sizeof(ipv6));
    if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
        name->ipv4.sin_family = AF_INET;
        name->ipv4.sin_port = htons(port);
        memcpy(&name->ipv4.sin_addr, ip->bytes + 12, 4);
        name->length = sizeof(name->ipv4);
    } else {
        name->ipv6.sin6_family = AF_INET6;
        name->ipv6.sin6_port = htons(port);
        name->ipv6.sin6_addr = ipv6;
        name->length = sizeof(name->ipv6);
    }
}

const char *socket_name_parse(struct socket_name *name, struct str text)
{
    struct address address;
    const char *why;
    struct ip ip;

    memset(name, 0, sizeof(*name));
    if (!address_parse(text, &address, &why))
        return why;
    if (address.path.len > 0) {
        set_path(name, address.path);
        return NULL;
    }
    if (str_eq_nocase(address.host, STR("localhost")))
        address.host = STR("127.0.0.1");
    if (!ip_parse(address.host, &ip))
        return "must have an IP address or localhost as its host";
    set_ip(name, &ip, address.port);
    return NULL;
}

void socket_name_format(const struct socket_name *name,
                        char out[static SOCKET_NAME_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "";

    switch (name->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &name->ipv4.sin_addr, host, sizeof(host));
        snprintf(out, SOCKET_NAME_SIZE, "%s:%u", host,
                 (unsigned)ntohs(name->ipv4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &name->ipv6.sin6_addr, host, sizeof(host));
        snprintf(out, SOCKET_NAME_SIZE, "[%s]:%u", host,
                 (unsigned)ntohs(name->ipv6.sin6_port));
        break;
    default:
        snprintf(out, SOCKET_NAME_SIZE, "unix:%s", name->local.sun_path);
        break;
    }
}

/* Removes a socket's file on which nobody listens. False with errno:
 * EADDRINUSE if somebody does, EEXIST if the file is no socket. */
static bool remove_stale(const struct socket_name *name)
{
    struct stat file;
    bool is_refused;
    int probe;

    errno = EEXIST;
    if (lstat(name->local.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    is_refused =
        connect(probe, &name->any, name->length) != 0 && errno == ECONNREFUSED;
    close(probe);
    errno = EADDRINUSE;
    return is_refused && unlink(name->local.sun_path) == 0;
}

static bool bind_socket(int fd, const struct socket_name *name, mode_t mode)
{
    const int one = 1;

    if (name->any.sa_family == AF_UNIX) {
        if (bind(fd, &name->any, name->length) != 0 &&
            (errno != EADDRINUSE || !remove_stale(name) ||
             bind(fd, &name->any, name->length) != 0))
            return false;
        /* Nobody can connect before listen(). */
        return chmod(name->local.sun_path, mode) == 0;
    }
    /* Connections of an earlier instance that linger are no obstacle; its
     * listening socket still is. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
        return false;
    if (name->any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0)
        return false;
    return bind(fd, &name->any, name->length) == 0;
}

/* The kernel's part of listener_open; false with errno. */
static bool open_socket(struct listener *listener, mode_t mode)
{
    int error;

    listener->fd = socket(listener->name.any.sa_family,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return false;
    if (bind_socket(listener->fd, &listener->name, mode) &&
        listen(listener->fd, SOMAXCONN) == 0 &&
        getsockname(listener->fd, &listener->name.any,
                    &listener->name.length) == 0)
        return true;
    error = errno;
    close(listener->fd);
    listener->fd = -1;
    errno = error;
    return false;
}

/* mode: of a unix socket's file. */
static bool open_listener(struct listener *listener, struct str text,
                          mode_t mode, char error[static LISTEN_ERROR_SIZE])
{
    const char *why = socket_name_parse(&listener->name, text);

    listener->fd = -1;
    if (!why && open_socket(listener, mode))
        return true;
    if (why)
        snprintf(error, LISTEN_ERROR_SIZE, "cannot listen: the address %.*s %s",
                 STR_ARG(text), why);
    else
        snprintf(error, LISTEN_ERROR_SIZE, "cannot listen on %.*s: %s",
                 STR_ARG(text),
                 errno == EADDRINUSE
                     ? "already in use, perhaps by another instance"
                     : strerror(errno));
    return false;
}

bool listener_open(struct listener *listener, struct str text,
                   char error[static LISTEN_ERROR_SIZE])
{
    return open_listener(listener, text, 0660, error);
}

bool listener_open_private(struct listener *listener, struct str text,
                           char error[static LISTEN_ERROR_SIZE])
{
    return open_listener(listener, text, 0600, error);
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    /* While it still listens nobody else takes the file for stale, so it is
     * our own that goes. */
    if (listener->name.any.sa_family == AF_UNIX)
        unlink(listener->name.local.sun_path);
    close(listener->fd);
    listener->fd = -1;
}
