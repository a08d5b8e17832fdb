/*
 * Things that all wait equally long: who comes first is due first, so a list
 * is all that it takes.
 * Threads: one at a time.
 */
#ifndef BENCH_RACE_DELAY_H
#define BENCH_RACE_DELAY_H

#include "policy/base/list.h"

#include <stdint.h>

/* To be embedded in what waits; zeroed, it is nowhere. */
struct delayed {
    struct list link;
    int64_t due_ns;
};

struct delay {
    struct list queue;
    int64_t span_ns;
};

void delay_init(struct delay *delay, int64_t span_ns);

/* Puts in one that is nowhere; it is due `span_ns` after now_ns, which does not
 * step back. */
void delay_add(struct delay *delay, struct delayed *item, int64_t now_ns);

/* Takes it out of where it is. */
void delay_remove(struct delayed *item);

/* Takes out the first, if it is due; else NULL. */
struct delayed *delay_take(struct delay *delay, int64_t now_ns);

/* When the first is due; INT64_MAX: nothing waits. */
int64_t delay_due_ns(const struct delay *delay);

#endif
