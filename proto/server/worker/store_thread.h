/*
 * Drives a store that answers later: waits for its sockets and deadlines, and
 * steps it under the core's lock. In between, the call thread queues operations
 * and sends them off, many with one write.
 * Threads: as said for each function.
 */
#ifndef PROTO_SERVER_WORKER_STORE_THREAD_H
#define PROTO_SERVER_WORKER_STORE_THREAD_H

#include "proto/server/call/core.h"
#include "quota/store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct store_thread {
    struct core *core;
    struct store *store;
    pthread_t thread;
    int wake_fd;            /* an eventfd */
    struct store_wait wait; /* what it sleeps for */
    uint64_t operations;    /* the store's count when it last fell asleep */
    bool is_nudged;         /* woken already */
    bool is_stopping;
};

/* Before any operation. Aborts if the system gives no thread. */
void store_thread_start(struct store_thread *driver, struct core *core,
                        struct store *store);

/* Steps the store, so that what was asked of it leaves; wakes the thread if the
 * store waits for something else by now than the thread sleeps for. now_ns:
 * CLOCK_BOOTTIME. The call thread, under the lock. */
void store_thread_turn(struct store_thread *driver, int64_t now_ns);

/* Stops and joins it. Without the lock; the store stays the owner's. */
void store_thread_stop(struct store_thread *driver);

#endif
