/*
 * What nodes are named by: hashes that are keyed by a secret of the store, so
 * that nobody who chooses keys or ids can make two of them meet, or all of
 * them share one chain.
 * Pure; any thread.
 */
#ifndef QUOTA_LOCAL_NAMES_H
#define QUOTA_LOCAL_NAMES_H

#include "quota/store.h"

#include <stdint.h>

struct secret {
    uint8_t bytes[192]; /* random */
};

/* Of a key, or an id. */
struct quota_id name_of_bytes(const struct secret *secret, struct str bytes);

/* What `id` may name within a key. */
enum name_kind {
    NAME_LEASE,
    NAME_TAKEN,      /* what a retry of a take is answered */
    NAME_GIVEN_BACK, /* what a retry of giving back is answered */
};

struct quota_id name_of_pair(const struct secret *secret, enum name_kind kind,
                             const struct quota_id *key,
                             const struct quota_id *id);

#endif
