/*
 * The operations under way on a connection: in the order in which they were
 * sent, which is that of the replies, and by their deadlines. Bounded.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_PENDING_H
#define QUOTA_REDIS_PENDING_H

#include "quota/redis/operation.h"

#include <stdbool.h>
#include <stdint.h>

#define PENDING_MAX 4096

struct pending {
    struct operation *ring; /* PENDING_MAX */
    uint32_t first, count;
    struct list waiting; /* takes and releases, the next deadline first */
};

void pending_init(struct pending *pending);
void pending_fini(struct pending *pending);

bool pending_is_full(const struct pending *pending);

/* Adds a copy as the last one sent, while it is not full; ->link need not be
 * set. */
void pending_add(struct pending *pending, const struct operation *operation);

/* Takes the first one sent. False: none. */
bool pending_take_first(struct pending *pending, struct operation *operation);

/* Takes one whose deadline has come; it leaves an OPERATION_EXPIRED in its
 * place. False: none. */
bool pending_take_due(struct pending *pending, int64_t now_ns,
                      struct operation *operation);

/* The next deadline; INT64_MAX: none. */
int64_t pending_deadline_ns(const struct pending *pending);

#endif
