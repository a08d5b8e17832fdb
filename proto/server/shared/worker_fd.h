/*
 * The descriptors that a worker is started with, by fork and exec of
 * /proc/self/exe as
 *   sluice worker INDEX
 * Neither its arguments nor its environment name them: they are fixed.
 * Threads: any.
 */
#ifndef PROTO_SERVER_SHARED_WORKER_FD_H
#define PROTO_SERVER_SHARED_WORKER_FD_H

enum worker_fd {
    WORKER_FD_CONTROL = 3, /* socketpair */
    WORKER_FD_SHARED = 4,  /* struct shared */
    WORKER_FD_STORE = 5,   /* memory store; of another kind, that for its
                              outages */
    WORKER_FD_BUNDLE = 6,  /* sealed bundle of the generation that serves */
    WORKER_FD_END,
};

/* Moves `fd` (which is closed) above these numbers, close-on-exec; so passing
 * one cannot overwrite another. -1 with errno on failure, also if fd is -1. */
int worker_fd_above(int fd);

#endif
