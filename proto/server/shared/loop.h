/*
 * An event loop, of the master and of a worker's control thread: descriptors
 * and timers, one event at a time, so that a handler may remove anything, also
 * what is ready at the same moment.
 * Threads: its one thread.
 */
#ifndef PROTO_SERVER_SHARED_LOOP_H
#define PROTO_SERVER_SHARED_LOOP_H

#include "policy/base/list.h"

#include <stdbool.h>
#include <stdint.h>

/* A descriptor that is waited for until it can be read. Embed it. */
struct waitable {
    int fd; /* its owner's, who closes it after loop_remove */
    void (*ready)(struct waitable *waitable, int64_t now_ns);
};

/* Runs once, when its time has come. Embed it; timer_init before use. */
struct timer {
    int64_t at_ns; /* CLOCK_BOOTTIME */
    void (*run)(struct timer *timer, int64_t now_ns);
    struct list link;
};

struct loop {
    int epoll;
    struct list timers; /* few, so in no order */
};

/* False with errno if the kernel has no room. */
bool loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/* False with errno if the kernel has no room. Each is added once. */
bool loop_add(struct loop *loop, struct waitable *waitable);
void loop_remove(struct loop *loop, struct waitable *waitable);

void timer_init(struct timer *timer,
                void (*run)(struct timer *timer, int64_t now_ns));

/* Sets it, also anew. A time that is past is due at once. */
void loop_set(struct loop *loop, struct timer *timer, int64_t at_ns);
void loop_cancel(struct timer *timer);

/* Waits for the next event, and handles it. */
void loop_turn(struct loop *loop);

#endif
