/*
 * Accepts connections and hands them to the workers. While no worker has room,
 * or the process is out of descriptors, they wait in the kernel's backlog.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_MASTER_ACCEPT_H
#define PROTO_SERVER_MASTER_ACCEPT_H

#include "proto/server/master/fleet.h"
#include "proto/server/master/listen.h"
#include "proto/server/shared/loop.h"

#include <stdbool.h>
#include <stdint.h>

#define PORTS_MAX 32

struct port {
    struct acceptor *acceptor;
    struct waitable waitable;
    struct listener listener;
};

struct acceptor {
    struct loop *loop;
    struct fleet *fleet;
    struct timer resume;
    bool is_accepting;
    bool is_short; /* of descriptors or memory; to log it once */
    uint32_t port_count;
    struct port ports[PORTS_MAX];
};

void acceptor_init(struct acceptor *acceptor, struct loop *loop,
                   struct fleet *fleet);

/* Binds one more address. False with a sentence in `error`. */
bool acceptor_bind(struct acceptor *acceptor, struct str address,
                   char error[static LISTEN_ERROR_SIZE]);

void acceptor_start(struct acceptor *acceptor);

/* Accepts no more, and closes the listeners. */
void acceptor_fini(struct acceptor *acceptor);

#endif
