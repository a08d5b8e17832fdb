/*
 * Asks a store and waits for the answer: for a thread that has a store of its
 * own and nothing else to do meanwhile.
 * Threads: the store's.
 */
#ifndef QUOTA_AWAIT_H
#define QUOTA_AWAIT_H

#include "quota/store.h"

#include <stdint.h>

/* Lets the store notice what happened to it while nobody drove it, and come up
 * if it is away; waits for that until `until_ns`, CLOCK_BOOTTIME, at most. */
void await_up(struct store *store, int64_t until_ns);

/* These return when the operation is answered, which is by its deadline_ns at
 * the latest. `done` is not called. */
void await_take(struct store *store, struct take *take);
void await_release(struct store *store, struct release *release);
void await_holders(struct store *store, struct holders *holders);

#endif
