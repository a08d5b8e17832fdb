/*
 * A take or a part of one, a release or a list of holders under way: its owner
 * waits for it. Takes and releases go out together with others: see command.h.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_OPERATION_H
#define QUOTA_REDIS_OPERATION_H

#include "policy/base/list.h"
#include "quota/redis/result.h"
#include "quota/redis/split.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

enum operation_kind {
    OPERATION_TAKE,
    OPERATION_PART, /* of a take */
    OPERATION_RELEASE,
    OPERATION_HOLDERS,
    OPERATION_GONE, /* its owner has his answer; what comes is skipped */
};

struct operation {
    enum operation_kind kind;
    bool is_repeated; /* Redis did not know the script the first time */
    bool is_asking;   /* its slot is on its way to whom it is sent */
    bool is_alone;    /* it does not go out together with others */
    uint8_t redirect_count;
    uint16_t slot; /* of its keys, in a cluster; else 0 */
    union {
        struct take *take;
        struct part *part;
        struct release *release;
        struct holders *holders;
    };
    int64_t deadline_ns;
    uint32_t charge_count, result_count; /* see below */
    struct list link;                    /* see pending.h */
};

/* How many charges it has, and how many integers answer it; a list of holders
 * has none, and at least so many answer it. Neither changes when it is gone. */
void operation_count(struct operation *operation);

/* Of a take or release: fills the answer. integers: result_count of them. */
enum result operation_read(const struct operation *operation,
                           const int64_t *integers);

/* Fills the answer as an outage. */
void operation_fail(const struct operation *operation);

/* It is answered: tells its owner. */
void operation_done(const struct operation *operation);

#endif
