/*
 * Configurations as a worker serves them. The control thread prepares and
 * publishes one; the call thread takes it up with the next call, and gives an
 * old one back when its last call is over.
 * Threads: as said for each function.
 */
#ifndef PROTO_SERVER_CALL_SERVED_H
#define PROTO_SERVER_CALL_SERVED_H

#include "config/snapshot.h"
#include "proto/server/shared/shared.h"
#include "proto/wire/words.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A snapshot, and what the names in it are on the wire and in the shared
 * memory. Immutable but for the last three fields. */
struct served {
    struct snapshot *snapshot;
    struct words words;
    const uint32_t *rule_slots;  /* in shared.rule_names, by rule */
    const uint32_t *quota_slots; /* in shared.quota_names, by quota */

    uint32_t use_count;      /* calls, and one while it is current; under
                                the core's lock */
    bool has_logged_unknown; /* a quota that is not configured; likewise */
    struct served *next_retired;
};

/* Takes over the snapshot. */
struct served *served_new(struct snapshot *snapshot,
                          const struct shared *shared);
void served_free(struct served *served);

/* Compiles a sealed bundle. NULL with the first mistake in `why`. */
struct served *served_load(int bundle_fd, uint64_t generation,
                           const struct shared *shared, char *why,
                           size_t why_size);

/* The one that serves, the one that will, and those to be freed. */
struct serving {
    struct served *current;           /* under the core's lock */
    _Atomic(struct served *) next;    /* published, not taken up yet */
    _Atomic(struct served *) retired; /* no call is left */
    int wake_fd;                      /* an eventfd, written when one retires */
};

/* Before other threads: `served` is current. wake_fd stays the owner's. */
void serving_init(struct serving *serving, struct served *served, int wake_fd);

/* After all other threads. */
void serving_fini(struct serving *serving);

/* Takes it over, to be used from the next call on. Control thread. */
void serving_publish(struct serving *serving, struct served *served);

/* Frees those that have retired. Control thread. */
void serving_collect(struct serving *serving);

/* Takes up what was published. Under the core's lock, in the call thread. */
void serving_turn(struct serving *serving);

/* The current one, to be kept until it is unpinned. Under the core's lock. */
struct served *serving_pin(struct serving *serving);
void serving_unpin(struct serving *serving, struct served *served);

#endif
