/*
 * Numbers as people write them: counts ("100"), sizes ("64MiB", "10kB") and
 * durations ("5ms", "1m"). The only place where such text becomes a number.
 * Pure; any thread.
 */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum quantity {
    QUANTITY_COUNT,    /* no unit */
    QUANTITY_BYTES,    /* B kB KiB MB MiB GB GiB TB TiB; none: bytes */
    QUANTITY_DURATION, /* ns us ms s m h d, in nanoseconds; only 0 needs none */
};

/*
 * Reads a whole number from 0 to INT64_MAX with its unit, which may be set off
 * by one space. False if it is none; then *why completes the sentence
 * "the value ...".
 */
bool quantity_parse(struct str text, enum quantity quantity, int64_t *value,
                    const char **why);

/* The shortest text that quantity_parse reads as `value` (>= 0), in the
 * largest unit that leaves no fraction. */
struct str quantity_format(int64_t value, enum quantity quantity,
                           struct arena *arena);

#endif
