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
    struct snapshot *snapshot;
    int sealed; /* its bundle, from spawn_fd */
};

/* Takes over a bundle that was read, also when it fails. NULL with reasons in
 * `diags` if it is bad, or if they hold an error already. */
struct edition *edition_new(struct bundle *read, uint64_t generation,
                            struct diags *diags);

/* NULL is fine. */
void edition_free(struct edition *edition);

#endif
