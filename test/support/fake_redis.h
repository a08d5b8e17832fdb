/*
 * A server that answers as it is told, for what Redis and sentinels seldom or
 * never say. On a unix socket; it runs in turns with the store.
 * Threads: one.
 */
#ifndef TEST_SUPPORT_FAKE_REDIS_H
#define TEST_SUPPORT_FAKE_REDIS_H

#include "quota/store.h"

#include <stdint.h>

/* To a probe, and to one that takes the last slot. */
#define FAKE_PROBED "*3\r\n:1\r\n:0\r\n:0\r\n"
#define FAKE_GRANTED_ONE "*2\r\n:1\r\n:0\r\n"
#define FAKE_MASTER "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"

/* What it understands, and its answer unless it is told another one. */
#define FAKE_COMMANDS(X)                                                       \
    X(AUTH, "+OK\r\n")                                                         \
    X(SELECT, "+OK\r\n")                                                       \
    X(ROLE, FAKE_MASTER)                                                       \
    X(TIME, "*2\r\n$10\r\n1700000000\r\n$1\r\n7\r\n")                          \
    X(EVAL, FAKE_PROBED)                                                       \
    X(EVALSHA, FAKE_GRANTED_ONE)                                               \
    X(SCRIPT, "+loaded\r\n")                                                   \
    X(SENTINEL, "*-1\r\n")

enum fake_command {
#define X(name, answer) FAKE_##name,
    FAKE_COMMANDS(X)
#undef X
        FAKE_COMMAND_COUNT
};

struct fake_redis {
    char folder[32], address[64]; /* "unix:/..." */
    int listener, fd;             /* fd -1: nobody is connected */
    int accept_count;

    /* "": none; NULL: hangs up. */
    const char *answers[FAKE_COMMAND_COUNT];
    int counts[FAKE_COMMAND_COUNT];
    char first[64]; /* the first command on the last connection */
};

void fake_redis_init(struct fake_redis *fake);
void fake_redis_fini(struct fake_redis *fake);

/* Takes a connection, reads, answers; waits for nothing. */
void fake_redis_turn(struct fake_redis *fake);

/* Sends this, unasked. */
void fake_redis_say(struct fake_redis *fake, const char *bytes);

/* Stops listening, as one that has ended. */
void fake_redis_close(struct fake_redis *fake);

/* Turns of the store and of some fakes, for `ns`. */
void fake_redis_run(struct store *store, struct fake_redis *const *fakes,
                    size_t fake_count, int64_t ns);

#endif
