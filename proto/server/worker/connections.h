/*
 * The connections that a worker was given and that are still open. The C core
 * closes its descriptors without telling anybody, so each is remembered with
 * the inode of its socket, and looked at again from time to time: a descriptor
 * that is closed, or is another file by now, was one that went.
 * Threads: the control thread.
 */
#ifndef PROTO_SERVER_WORKER_CONNECTIONS_H
#define PROTO_SERVER_WORKER_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct connections {
    ino_t *inodes; /* by descriptor; 0: none */
    uint32_t capacity;
    uint32_t count; /* open, or not seen to be closed yet */
    int64_t looked_ns;
};

void connections_init(struct connections *connections);
void connections_fini(struct connections *connections);

/* Remembers an open socket. */
void connections_add(struct connections *connections, int fd);

/* Looks which are open still. One system call for each, so at most every
 * CONNECTIONS_LOOK_NS; in between it does nothing. */
void connections_look(struct connections *connections, int64_t now_ns);

#define CONNECTIONS_LOOK_NS INT64_C(100000000)

#endif
