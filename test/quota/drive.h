/*
 * Asks a store and waits for its answer, whether it comes now or later.
 * Threads: one.
 */
#ifndef TEST_QUOTA_DRIVE_H
#define TEST_QUOTA_DRIVE_H

#include "quota/store.h"

#include <stdint.h>

/* Answers `take`, which sets count and charges; its deadline and `done` are
 * set here. now_ns: as for store_take. */
void drive_take(struct store *store, struct take *take, int64_t now_ns);

/* The same for a release. */
void drive_release(struct store *store, struct release *release,
                   int64_t now_ns);

/* The same for a list of holders. */
void drive_holders(struct store *store, struct holders *holders,
                   int64_t now_ns);

#endif
