#include "proto/server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static const struct str unix_prefix = STR_INIT("unix:");

static const char *parse_unix(struct address *address, struct str path)
{
    if (path.len == 0 || path.data[0] != '/')
        return "the path of a unix socket must begin with /";
    if (path.len >= sizeof(address->local.sun_path))
        return "the path of a unix socket has at most 107 bytes";
    if (memchr(path.data, '\0', path.len))
        return "the path of a unix socket cannot contain a zero byte";
    address->local.sun_family = AF_UNIX;
    memcpy(address->local.sun_path, path.data, path.len);
    address->length = sizeof(address->local);
    return NULL;
}

static bool parse_port(struct str text, in_port_t *port)
{
    unsigned value = 0;

    if (text.len < 1 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.data[i] - '0');
    }
    *port = htons((in_port_t)value);
    return value <= UINT16_MAX;
}

static bool parse_host(struct address *address, struct str host, in_port_t port)
{
    char text[INET6_ADDRSTRLEN];

    if (str_eq(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (host.len >= 2 && host.data[0] == '[' &&
        host.data[host.len - 1] == ']') {
        host = (struct str){ host.data + 1, host.len - 2 };
        address->ipv6.sin6_family = AF_INET6;
        address->ipv6.sin6_port = port;
        address->length = sizeof(address->ipv6);
    } else {
        address->ipv4.sin_family = AF_INET;
        address->ipv4.sin_port = port;
        address->length = sizeof(address->ipv4);
    }
    if (host.len >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
    return inet_pton(address->any.sa_family, text,
                     address->any.sa_family == AF_INET6
                         ? (void *)&address->ipv6.sin6_addr
                         : (void *)&address->ipv4.sin_addr) == 1;
}

const char *address_parse(struct address *address, struct str text)
{
    const char *colon;
    struct str host;
    in_port_t port;

    memset(address, 0, sizeof(*address));
    if (str_starts_with(text, unix_prefix))
        return parse_unix(address, str_skip(text, unix_prefix.len));
    colon = text.len ? memrchr(text.data, ':', text.len) : NULL;
    if (!colon)
        return "an address is written host:port or unix:/path";
    host = (struct str){ text.data, (size_t)(colon - text.data) };
    if (!parse_port(str_skip(text, host.len + 1), &port))
        return "a port is a number from 0 to 65535";
    if (!parse_host(address, host, port))
        return "the host must be an IP address; IPv6 is written [::1]";
    return NULL;
}

void address_format(const struct address *address,
                    char out[static ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "";

    switch (address->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->ipv4.sin_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host,
                 (unsigned)ntohs(address->ipv4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &address->ipv6.sin6_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", host,
                 (unsigned)ntohs(address->ipv6.sin6_port));
        break;
    default:
        snprintf(out, ADDRESS_TEXT_SIZE, "unix:%s", address->local.sun_path);
        break;
    }
}

/* Removes a socket's file on which nobody listens. errno is EADDRINUSE if
 * somebody does, or if the file is something else. */
static bool remove_stale(const struct address *address)
{
    struct stat file;
    bool refused;
    int probe;

    errno = EADDRINUSE;
    if (lstat(address->local.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    refused = connect(probe, &address->any, address->length) != 0 &&
              errno == ECONNREFUSED;
    close(probe);
    errno = EADDRINUSE;
    return refused && unlink(address->local.sun_path) == 0;
}

static bool bind_socket(int fd, const struct address *address)
{
    const int one = 1;

    if (address->any.sa_family == AF_UNIX) {
        if (bind(fd, &address->any, address->length) != 0 &&
            (errno != EADDRINUSE || !remove_stale(address) ||
             bind(fd, &address->any, address->length) != 0))
            return false;
        /* Nobody can connect before listen(). */
        return chmod(address->local.sun_path, 0660) == 0;
    }
    /* Connections of an earlier instance that linger are no obstacle; its
     * listening socket still is. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
        return false;
    if (address->any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0)
        return false;
    return bind(fd, &address->any, address->length) == 0;
}

static bool note_identity(struct listener *listener)
{
    struct address *address = &listener->address;

    if (address->any.sa_family == AF_UNIX)
        return lstat(address->local.sun_path, &listener->file) == 0;
    return getsockname(listener->fd, &address->any, &address->length) == 0;
}

/* The kernel's part of listener_open; false with errno. */
static bool open_socket(struct listener *listener)
{
    int error;

    listener->fd = socket(listener->address.any.sa_family,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return false;
    if (bind_socket(listener->fd, &listener->address) &&
        listen(listener->fd, SOMAXCONN) == 0 && note_identity(listener))
        return true;
    error = errno;
    close(listener->fd);
    listener->fd = -1;
    errno = error;
    return false;
}

bool listener_open(struct listener *listener, struct str text,
                   char error[static LISTEN_ERROR_SIZE])
{
    const char *wrong = address_parse(&listener->address, text);

    listener->fd = -1;
    if (!wrong && open_socket(listener))
        return true;
    if (!wrong)
        wrong = errno == EADDRINUSE
                    ? "already in use, perhaps by another instance"
                    : strerror(errno);
    snprintf(error, LISTEN_ERROR_SIZE, "cannot listen on %.*s: %s",
             STR_ARG(text), wrong);
    return false;
}

void listener_close(struct listener *listener)
{
    const char *path = listener->address.local.sun_path;
    struct stat file;

    if (listener->fd < 0)
        return;
    close(listener->fd);
    listener->fd = -1;
    if (listener->address.any.sa_family == AF_UNIX && lstat(path, &file) == 0 &&
        file.st_dev == listener->file.st_dev &&
        file.st_ino == listener->file.st_ino)
        unlink(path);
}
