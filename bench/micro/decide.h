/*
 * Decisions over one configuration, again and again, as a subject of measure.h.
 * Threads: the main one.
 */
#ifndef BENCH_MICRO_DECIDE_H
#define BENCH_MICRO_DECIDE_H

#include "config/snapshot.h"
#include "policy/attr/bag.h"
#include "policy/check/check.h"

#include <stdint.h>

struct decide {
    struct snapshot *snapshot;
    int64_t load_ns;       /* that it took to load */
    struct arena requests; /* what callers sent */
    struct bag *bags;
    uint32_t bag_count;
    struct arena call;
    struct check check;
    uint64_t denied_count; /* of all times */
};

/*
 * Loads the text, which has no mistakes and `rule_count` rules, and makes
 * different requests, spread over all rules: half of them are for one rule
 * each, half for none.
 */
void decide_init(struct decide *decide, const char *text, uint32_t rule_count,
                 uint32_t request_count);
void decide_fini(struct decide *decide);

/* context: a struct decide. Each time is one decision: a bag that is filled,
 * the rules, and the arena cleared. */
void decide_run(void *context, uint32_t count);

#endif
