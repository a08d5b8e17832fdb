/*
 * Clients that race for quotas, and the loop that drives them.
 *
 * In a closed loop a client whose call was refused pauses before the next one.
 * A call without an answer is given up in the end and counts as failed, as does
 * one whose connection is down when it is to be sent.
 * Threads: one.
 */
#ifndef BENCH_RACE_RACE_H
#define BENCH_RACE_RACE_H

#include "bench/race/journal.h"
#include "bench/race/plan.h"

#include <stdbool.h>

struct race;

/* plan, journal: borrowed. Nobody is connected yet. */
struct race *race_new(const struct race_plan *plan, struct journal *journal);
void race_free(struct race *race);

/* Connects all clients. False: not within 20 s. */
bool race_connect(struct race *race);

/* The race, from its begin until every call is through. */
void race_run(struct race *race);

#endif
