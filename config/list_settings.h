/*
 * One of the group `lists`, but for its entries.
 * Threads: any, immutable.
 */
#ifndef CONFIG_LIST_SETTINGS_H
#define CONFIG_LIST_SETTINGS_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/roster.h"

#include <stdint.h>

struct list_settings {
    struct str name;
    enum roster_type type;
    struct str file; /* path; empty: none */
    struct str url;  /* empty: none */

    /* Of `url`. */
    struct str cache;       /* path; empty: none */
    struct str ca_file;     /* path; empty: the system's */
    struct str header_file; /* path; empty: none. See header_file.h */
    int64_t refresh_ns;
    int64_t max_age_ns;
    int64_t timeout_ns;

    uint64_t max_bytes; /* of what file or url gives */
};

struct list_entry;

/* Of an entry that may have mistakes. Paths are as seen from here; they are
 * made in `arena` and end in NUL, all else is the entry's. */
struct list_settings list_settings_of(const struct list_entry *entry,
                                      struct arena *arena);

#endif
