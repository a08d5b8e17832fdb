/*
 * Commands for Redis, one after the other, as bytes to send. Bounded: a
 * command that does not fit is left out as a whole.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_OUTBOX_H
#define QUOTA_REDIS_OUTBOX_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_BYTES ((size_t)256 * 1024)

struct outbox {
    char *bytes;       /* OUTBOX_BYTES */
    size_t start, end; /* of what is not sent yet */
    size_t mark;       /* where the command being written begins */
    bool is_overfull;  /* it does not fit */
};

void outbox_init(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);

/* Writes one command: begin, exactly `argument_count` times put, end. */
void outbox_begin(struct outbox *outbox, uint32_t argument_count);
void outbox_put(struct outbox *outbox, struct str argument);
void outbox_put_i64(struct outbox *outbox, int64_t argument);
/* The parts, joined, as one argument. */
void outbox_put_joined(struct outbox *outbox, const struct str *parts,
                       uint32_t part_count);
/* False: there was no room, and nothing was written. */
bool outbox_end(struct outbox *outbox);

/* What to send next; and that its first `count` bytes are sent. */
struct str outbox_unsent(const struct outbox *outbox);
void outbox_sent(struct outbox *outbox, size_t count);

/* Forgets all. */
void outbox_clear(struct outbox *outbox);

#endif
