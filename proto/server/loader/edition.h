/*
 * One configuration in all its forms: the bytes, what they mean, and sealed
 * for the workers. Immutable once made, but for the count of its users.
 * Threads: the master's, any.
 */
#ifndef PROTO_SERVER_LOADER_EDITION_H
#define PROTO_SERVER_LOADER_EDITION_H

#include "config/bundle.h"
#include "config/snapshot.h"
#include "policy/base/diag.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct edition {
    uint64_t generation; /* 1 .. */
    struct snapshot *snapshot;
    int sealed; /* its bundle, from worker_fd_above */
    _Atomic uint32_t use_count;
};

/* Takes over a bundle that was read, also when it fails. NULL with reasons in
 * `diags` if it is bad, or if they hold an error already. The caller is its
 * first user. */
struct edition *edition_new(struct bundle *read, uint64_t generation,
                            struct diags *diags);

/* One more user. Returns the same. */
struct edition *edition_ref(struct edition *edition);

/* One user less; the last one frees it. NULL is fine. */
void edition_unref(struct edition *edition);

#endif
