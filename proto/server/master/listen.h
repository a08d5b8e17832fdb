/*
 * Addresses that the server listens on: their text, and the sockets bound to
 * them. SO_REUSEPORT is never used, so a second instance is refused.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_MASTER_LISTEN_H
#define PROTO_SERVER_MASTER_LISTEN_H

#include "policy/base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An address as the kernel takes it. */
struct socket_name {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct sockaddr_un local;
    };
    socklen_t length;
};

/*
 * From text as config/address.h has it; the host must be an IP address, or
 * "localhost", which is 127.0.0.1. NULL, or what is wrong: the rest of a
 * sentence that begins "the address". Pure.
 */
const char *socket_name_parse(struct socket_name *name, struct str text);

/* More than the longest text of one. */
#define SOCKET_NAME_SIZE 128

/* The text back. */
void socket_name_format(const struct socket_name *name,
                        char out[static SOCKET_NAME_SIZE]);

struct listener {
    int fd;
    struct socket_name name; /* with the port that it really has */
};

#define LISTEN_ERROR_SIZE 256

/*
 * Binds and listens; not blocking. A unix socket's file gets mode 0660; one
 * that is there already is replaced if it is a socket on which nobody listens.
 * False with a sentence in `error` that names the address; fd is -1 then.
 */
bool listener_open(struct listener *listener, struct str text,
                   char error[static LISTEN_ERROR_SIZE]);

/* The same for a unix socket of the own user alone: mode 0600. */
bool listener_open_private(struct listener *listener, struct str text,
                           char error[static LISTEN_ERROR_SIZE]);

/* Removes the file of a unix socket and closes. fd -1 is fine. */
void listener_close(struct listener *listener);

#endif
