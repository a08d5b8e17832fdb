/*
 * The keys that are refused most, of each worker, in memory of fixed size:
 * a key that has no entry takes that of the key with the fewest refusals, and
 * goes on from its count. So a key with more than 1/HOT_KEYS of a worker's
 * refusals always has an entry, and its count is at most `excess` too high.
 * What was not refused for HOT_KEY_STALE_NS is as good as gone.
 * Source: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and
 * top-k elements in data streams", 2005: Space-Saving.
 *
 * One thread writes, others read meanwhile without a lock: an entry has a
 * number that is odd while another key moves in, so a reader sees that what it
 * copied may be of two keys, and tries again.
 */
#ifndef PROTO_SERVER_SHARED_HOT_KEYS_H
#define PROTO_SERVER_SHARED_HOT_KEYS_H

#include "policy/base/str.h"
#include "quota/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HOT_KEYS 64
#define HOT_KEY_TEXT_BYTES 64
#define HOT_KEY_STALE_NS INT64_C(600000000000) /* 10 minutes */

/* Threads: its owner's. */
struct hot_key {
    struct quota_id key;
    uint64_t count;       /* refusals; 0: no entry */
    uint64_t excess;      /* so many of them may be other keys' */
    int64_t last_ns;      /* CLOCK_BOOTTIME */
    int64_t slots;        /* CONCURRENCY: the most in flight; else 0 */
    uint32_t quota;       /* slot in shared.quota_names */
    uint16_t is_redacted; /* the text shows no values */
    uint16_t text_len;
    char text[HOT_KEY_TEXT_BYTES]; /* for people; may be cut */
};

#define HOT_KEY_WORDS (sizeof(struct hot_key) / sizeof(uint64_t))

/* Zeroed, it is empty. Threads: one writes, any read. */
struct hot_keys {
    struct hot_key_entry {
        _Atomic uint32_t sequence;             /* odd: another key moves in */
        _Atomic uint64_t words[HOT_KEY_WORDS]; /* a struct hot_key */
    } entries[HOT_KEYS];
};

/* A key that was refused; fields as in struct hot_key. */
struct refusal {
    struct quota_id key;
    uint32_t quota;
    int64_t slots;
    struct str text;
    bool is_redacted;
};

/* Counts a refusal. The writer's. now_ns: CLOCK_BOOTTIME. */
void hot_keys_add(struct hot_keys *keys, const struct refusal *refusal,
                  int64_t now_ns);

/* Drops what a writer that died has left half written. The next writer's,
 * before anything else. */
void hot_keys_mend(struct hot_keys *keys);

/* Copies the entries in use; returns how many. One that is being replaced
 * again and again is left out. */
uint32_t hot_keys_copy(const struct hot_keys *keys,
                       struct hot_key copies[static HOT_KEYS]);

/* Makes one of those that are of the same key, drops stale ones, and puts the
 * most refused first. Returns how many are left. Pure. */
uint32_t hot_keys_merge(struct hot_key *keys, uint32_t count, int64_t now_ns);

#endif
