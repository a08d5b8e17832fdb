/*
 * Takes up a store that others left, who may have died at any instruction, or
 * with the whole machine.
 * Threads: one; nobody else has the store.
 */
#ifndef QUOTA_LOCAL_RESUME_H
#define QUOTA_LOCAL_RESUME_H

#include "quota/local/mapping.h"

/* Undoes what was half done, makes all locks new, and lets the store's time go
 * on. NULL; or why the store cannot be used, with *index of the shard that is
 * damaged. */
const char *resume(const struct mapping *mapping, const struct clocks *now,
                   uint32_t *index);

#endif
