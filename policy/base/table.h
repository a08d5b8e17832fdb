/*
 * A hash table from text to a pointer. Open addressing, seeded, so that nobody
 * who chooses the keys can make it slow. Keys are borrowed.
 * Threads: one at a time; while nothing is put, any may find.
 */
#ifndef POLICY_BASE_TABLE_H
#define POLICY_BASE_TABLE_H

#include "policy/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct table {
    struct table_entry *entries;
    size_t count;
    size_t capacity; /* a power of two, or 0 */
    uint64_t seed;
};

void table_init(struct table *table);
void table_fini(struct table *table);

/* What was put under `key`, or NULL. */
void *table_find(const struct table *table, struct str key);

/*
 * Puts `value` (not NULL) under `key` unless something is there already;
 * returns what is there now. `key` must live as long as the table.
 */
void *table_put(struct table *table, struct str key, void *value);

#endif
