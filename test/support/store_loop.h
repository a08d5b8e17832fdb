/*
 * Drives a store in real time, as a worker's loop would: for tests.
 * Threads: one at a time.
 */
#ifndef TEST_SUPPORT_STORE_LOOP_H
#define TEST_SUPPORT_STORE_LOOP_H

#include "quota/store.h"

/* Waits for the store's sockets, its deadline or `until_ns`, then steps. */
void store_loop_turn(struct store *store, int64_t until_ns);

/* Turns until `until_ns`, CLOCK_BOOTTIME. */
void store_loop_run(struct store *store, int64_t until_ns);

/* Turns until it is up (or down); fails the test after ten seconds. */
void store_loop_until_up(struct store *store, bool is_up);

#endif
