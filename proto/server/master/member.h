/*
 * One worker as the master sees it: starts its process, talks to it, learns of
 * its end, and looks at it from time to time.
 *
 * The queue of messages to it outlives its process: connections that were
 * handed to a worker which died before it took them are the next one's.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_MASTER_MEMBER_H
#define PROTO_SERVER_MASTER_MEMBER_H

#include "proto/server/master/balance.h"
#include "proto/server/master/spawn.h"
#include "proto/server/shared/control.h"
#include "proto/server/shared/loop.h"
#include "proto/server/shared/shared.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct member {
    struct loop *loop;
    struct shared *shared;
    uint32_t index;
    /* The process is gone. status: exit status, or signal if is_signal. */
    void (*exited)(struct member *member, int status, bool is_signal,
                   int64_t now_ns);
    /* It says something. */
    void (*said)(struct member *member, const struct control_message *message,
                 int64_t now_ns);

    pid_t pid; /* 0: not running */
    struct waitable process;
    struct waitable control;  /* our end; fd -1: not open yet */
    int far_end;              /* the worker's end: kept for the next one */
    uint64_t calls_before;    /* at the last sample */
    int64_t turned_before_ns; /* at the last sample */
    uint32_t stuck_samples;   /* that found its loop standing still */
};

/* Sets the fields above `pid` before any other use of the struct. */
void member_init(struct member *member, struct loop *loop,
                 struct shared *shared, uint32_t index);

/* Starts it with a bundle of `generation`. fds: `control` is filled in.
 * False with errno. */
bool member_start(struct member *member, struct spawn_fds fds,
                  uint64_t generation, int64_t now_ns);

/* False with errno if it does not hear; true also if it is not running. */
bool member_tell(struct member *member, const struct control_message *message,
                 int fd);

/* Whether its queue has so much room that more urgent messages fit as well. */
bool member_has_room(const struct member *member);

/* At once, if it runs; `exited` follows. */
void member_kill(struct member *member);

/* Once a second: its load, and its memory for the shared block. Returns why it
 * must be replaced, or NULL. rss_limit_bytes: of memory of its own. */
const char *member_sample(struct member *member, struct load *load,
                          uint64_t rss_limit_bytes);

#endif
