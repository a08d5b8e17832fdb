/*
 * What the master and a worker say to each other, over one SOCK_SEQPACKET
 * socketpair per worker; a message may carry one descriptor. When the master's
 * end closes, the worker drains and exits.
 * Threads: any; each end is read by one thread.
 */
#ifndef PROTO_SERVER_SHARED_CONTROL_H
#define PROTO_SERVER_SHARED_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * CONNECTION  master -> worker, with the accepted socket
 * PREPARE     master -> worker, with a sealed bundle: load it, do not use it
 * READY       worker -> master: that generation is loaded (or not: text)
 * COMMIT      master -> worker: use it from now on
 * DISCARD     master -> worker: forget the prepared one
 * DRAIN       master -> worker: finish what is in flight, then exit
 * SERVING     worker -> master: takes connections
 */
#define CONTROL_KINDS(X)                                                       \
    X(CONNECTION)                                                              \
    X(PREPARE)                                                                 \
    X(READY)                                                                   \
    X(REFUSED)                                                                 \
    X(COMMIT)                                                                  \
    X(DISCARD)                                                                 \
    X(DRAIN)                                                                   \
    X(SERVING)

enum control_kind {
#define X(name) CONTROL_##name,
    CONTROL_KINDS(X)
#undef X
};

struct control_message {
    enum control_kind kind;
    uint64_t generation; /* PREPARE, READY, REFUSED, COMMIT, DISCARD */
    char text[256];      /* CONNECTION: the peer's address; REFUSED: why */
};

/* Sends; fd: -1 or one to pass (which stays the caller's). False if the peer
 * is gone or its queue is full (errno). Never blocks. */
bool control_send(int socket, const struct control_message *message, int fd);

/* Waits for one. *fd: -1 or one that is now the caller's, close-on-exec.
 * False: the peer is gone. */
bool control_receive(int socket, struct control_message *message, int *fd);

#endif
