/*
 * Which worker gets the next connection: the one with the least recent load.
 * Pure; any thread.
 */
#ifndef PROTO_SERVER_MASTER_BALANCE_H
#define PROTO_SERVER_MASTER_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

/* What one worker did in the last interval, and was given since. */
struct load {
    bool is_available;
    uint64_t calls;       /* in the last interval */
    uint32_t connections; /* open at its end */
    uint32_t handed;      /* connections since then; each counts as one call
                             and as much as the average connection did */
};

/* The least loaded of those that are available, the next one after `last`
 * among equals; -1 if none is. */
int32_t balance_pick(const struct load *loads, uint32_t count, uint32_t last);

#endif
