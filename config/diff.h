/*
 * What changed from one loaded configuration to the next, for the log:
 *   quotas.in-flight.concurrency.max: 100 -> 50
 *   rules.limits: added
 * Threads: any, over its own arena.
 */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include "config/settings.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct change {
    struct str text;
    bool needs_restart; /* takes effect at the next start only */
};

struct diff {
    struct change *changes;
    uint32_t count, capacity;
};

/* Compares snapshot.settings of two configurations. All memory is the
 * arena's, which has no limit. */
void diff_settings(struct diff *diff, const struct settings *old,
                   const struct settings *new, struct arena *arena);

#endif
