/*
 * One configuration in all its forms: the bytes, what they mean, and sealed
 * for the workers. Immutable once made.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_EDITION_H
#define PROTO_SERVER_EDITION_H

#include "config/bundle.h"
#include "config/snapshot.h"
#include "policy/base/diag.h"

#include <stdbool.h>
#include <stdint.h>

struct edition {
    uint64_t generation; /* 1 .. */
    struct bundle bundle;
    struct snapshot *snapshot;
    int sealed; /* the bundle, from spawn_fd */
};

/* Takes the bundle over, also when it fails. NULL with reasons in `diags` if
 * it is bad. */
struct edition *edition_new(struct bundle *bundle, uint64_t generation,
                            struct diags *diags);

/* NULL is fine. */
void edition_free(struct edition *edition);

#endif
