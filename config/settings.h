/*
 * All settings of one configuration as a flat list of path and value, defaults
 * included: what two configurations are compared by. Written while reading,
 * so it knows every setting that the schema knows.
 * Threads: its loader; then any.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct setting {
    struct str path;    /* "quotas.in-flight.concurrency.max" */
    struct str value;   /* in one form whatever was written: "1m" for "60s";
                           empty: this is a whole, its parts follow */
    uint32_t depth;     /* parts of a whole are one deeper */
    bool needs_restart; /* a change takes effect at the next start only */
};

struct settings {
    struct setting *items;
    uint32_t count, capacity;
};

/* Appends; all memory is the arena's. */
void settings_add(struct settings *settings, struct arena *arena,
                  struct setting setting);

#endif
