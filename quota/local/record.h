/*
 * What a deduplication id was granted: a retry gets the same answer and is
 * charged once. Taking and giving back are no retries of each other.
 * Threads: any, under the shard's lock.
 */
#ifndef QUOTA_LOCAL_RECORD_H
#define QUOTA_LOCAL_RECORD_H

#include "quota/local/site.h"

#include <stdbool.h>
#include <stdint.h>

struct record {
    bool is_kept;       /* the charge has an id, and its limit knows retries */
    bool is_known;      /* it is a retry */
    struct node *ended; /* one of that name that means nothing now, or NULL */
    int64_t granted;
    struct quota_id name;
};

struct record record_find(const struct site *site, const struct charge *charge);

/* Keeps what was granted to a charge that is no retry; nothing if that is 0,
 * or if nothing is to be kept. */
void record_keep(const struct site *site, const struct charge *charge,
                 const struct record *record, int64_t granted);

#endif
