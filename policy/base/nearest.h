/*
 * "Did you mean ...?": the known name that is nearest to a mistyped one.
 * Pure; any thread.
 */
#ifndef POLICY_BASE_NEAREST_H
#define POLICY_BASE_NEAREST_H

#include "policy/base/str.h"

/* Number of single-byte edits (insert, delete, change, swap of neighbours)
 * from a to b; texts longer than 64 bytes count as infinitely far. */
unsigned edit_distance(struct str a, struct str b);

/* Remembers the nearest of the names offered one by one. */
struct nearest {
    struct str wanted;
    struct str name; /* the best so far */
    unsigned distance;
};

void nearest_init(struct nearest *nearest, struct str wanted);
void nearest_offer(struct nearest *nearest, struct str name);

/* The best name if it is near enough to be meant (at most a third of the
 * letters differ), else an empty view. */
struct str nearest_name(const struct nearest *nearest);

#endif
