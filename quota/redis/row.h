/*
 * One charge as the script sees it: the row of its arguments, and what it is
 * called in Redis.
 * Keys: PREFIX{QUOTA:KEY}:tokens, :window, :rolling or :leases, and
 * PREFIX{QUOTA:KEY}:took:ID or :gave:ID for what was granted to an id; KEY and
 * ID in hex. All expire.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_ROW_H
#define QUOTA_REDIS_ROW_H

#include "quota/redis/outbox.h"
#include "quota/redis/split.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* As the script numbers them. */
enum row_kind {
    ROW_BUCKET = 1,
    ROW_FIXED,
    ROW_ROLLING,
    ROW_LEASES,
};

/* More than any amount, and any use. */
#define ROW_EVERYTHING (LIMIT_AMOUNT_MAX + 1)

/* The meaning of each is told in lua/begin.lua. */
struct row {
    enum row_kind kind;
    bool is_best_effort, is_shadow;
    bool is_last; /* of its Check */
    bool is_part; /* of a Check, which may be undone, or undoes */
    int64_t amount, limit, rate, span_us, record_ms;
    const uint8_t *id; /* of a lease or a record, 16 bytes; or NULL */
    struct str quota;
    const struct quota_id *key;
};

/* The order in which the rows of a take are sent and answered: order[n] is the
 * charge of the n-th. What gives back comes last. */
void row_order(const struct take *take, uint32_t order[QUOTAS_PER_CHECK_MAX]);

/* Borrow what they are made of. lease_id: under which a take on CONCURRENCY
 * takes, 16 bytes. */
struct row row_of_charge(const struct charge *charge, const uint8_t *lease_id);
/* One of a part's charges; of one that undoes, its id is the lease's. */
struct row row_of_part(const struct part *part, uint32_t index);
struct row row_of_release(const struct lease_name *lease);
/* The quota of its keys. */
#define ROW_PROBE STR("probe")
/* A charge of a key that is always granted and leaves nothing behind for
 * long. */
struct row row_of_probe(const struct quota_id *key);

enum row_kind row_kind_of(enum limit_algorithm algorithm);

/* How many integers the script returns for it. */
uint32_t row_result_count(enum row_kind kind);

/* The slot of a cluster that all its keys are in, if the prefix has no braces.
 */
uint16_t row_slot(struct str quota, const struct quota_id *key,
                  struct str prefix);

/* How many keys it has, and they, each as one argument. */
uint32_t row_key_count(const struct row *row);
void row_put_keys(const struct row *row, struct outbox *outbox,
                  struct str prefix);

/* The most bytes that a packed row has. */
#define ROW_BYTES_MAX 46

/* Packs it; returns how many bytes it has. */
size_t row_pack(const struct row *row, char bytes[ROW_BYTES_MAX]);

#endif
