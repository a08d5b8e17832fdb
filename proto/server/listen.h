/*
 * Addresses that the server listens on: their text, and the sockets bound to
 * them. SO_REUSEPORT is never used, so a second instance is refused.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_LISTEN_H
#define PROTO_SERVER_LISTEN_H

#include "policy/base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* More than the longest text of an address. */
#define ADDRESS_TEXT_SIZE 128

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
        struct sockaddr_un local;
    };
    socklen_t length;
};

/*
 * From "127.0.0.1:9091", "[::1]:9091", "localhost:9091" (which is 127.0.0.1)
 * or "unix:/path". Port 0: any that is free. NULL, or what is wrong: a
 * sentence without full stop. Pure.
 */
const char *address_parse(struct address *address, struct str text);

/* The same text back. */
void address_format(const struct address *address,
                    char out[static ADDRESS_TEXT_SIZE]);

struct listener {
    int fd;
    struct address address; /* with the port that it really has */
    struct stat file;       /* of a unix socket: to remove only our own */
};

#define LISTEN_ERROR_SIZE 256

/*
 * Binds and listens; not blocking. A unix socket's file gets mode 0660; one
 * that is there already is replaced if it is a socket on which nobody listens.
 * False with a sentence in `error` that names the address; fd is -1 then.
 */
bool listener_open(struct listener *listener, struct str text,
                   char error[static LISTEN_ERROR_SIZE]);

/* Closes it and removes its file, if that is still the one it made. fd -1 is
 * fine. */
void listener_close(struct listener *listener);

#endif
