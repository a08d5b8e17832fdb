/*
 * The calls of racing clients: each is a Check for one unit of a quota, then
 * perhaps the time that its lease is held, and the release. What clients learn
 * goes into the journal.
 *
 * A call without an answer is given up in the end and counts as failed, as does
 * one whose connection is down when it is to be sent.
 * Threads: one.
 */
#ifndef BENCH_RACE_CALLS_H
#define BENCH_RACE_CALLS_H

#include "bench/load/links.h"
#include "bench/race/delay.h"
#include "bench/race/journal.h"
#include "bench/race/plan.h"

#include <stdint.h>

struct client {
    struct delayed pause; /* between two calls */
    struct connection *connection;
    uint32_t server;
    uint64_t turn; /* calls begun, in a closed loop; whose the loop is */
};

struct calls {
    const struct race_plan *plan;
    struct journal *journal;
    struct arena scratch; /* of one reply */
    struct bodies checks; /* one for each quota */
    struct links links;
    uint64_t failures[FAILURE_COUNT]; /* of links; calls show them as errors */
    struct client *clients; /* each has the connection of its number */
    struct delay answers;   /* calls that wait for one */
    struct delay *holds;    /* calls that hold a lease, by quota */
    /* In a closed loop, clients whose call is through: to make the next one at
     * once, or after a pause. */
    struct delay ready, pauses;
    uint64_t begun;     /* the number of the next one */
    uint32_t under_way; /* begun, and not yet through */
};

/* plan, journal: borrowed. Nobody is connected yet. */
void calls_init(struct calls *calls, const struct race_plan *plan,
                struct journal *journal);
void calls_fini(struct calls *calls);

/* Begins a call that was due at due_ns. */
void calls_begin(struct calls *calls, struct client *client, uint32_t quota,
                 int64_t due_ns);

/* Releases what was held long enough, and gives up what is not answered. */
void calls_act(struct calls *calls, int64_t now_ns);

/* When there is something to do for calls_act; INT64_MAX: not before a reply.
 */
int64_t calls_due_ns(const struct calls *calls);

/* Takes the replies that a connection has. */
void calls_take(struct calls *calls, struct connection *connection);

/* CLOCK_MONOTONIC: the clock that other programs easily read too. */
int64_t race_clock_ns(void);

#endif
