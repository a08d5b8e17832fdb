/*
 * What every store must do, told once and run over each: see quota/store.h.
 * Cases need few and short spans of time, so they also run over a store whose
 * clock cannot be moved.
 */
#ifndef TEST_QUOTA_CONFORMANCE_H
#define TEST_QUOTA_CONFORMANCE_H

#include "quota/store.h"

#include <stdint.h>

/* How to get at the store under test. */
struct fixture {
    /* A store that is empty and up; the suite frees it. */
    struct store *(*open)(void *context);
    /* The now_ns that its functions are called with. */
    int64_t (*now)(void *context);
    /* Lets `ns` pass for the store: by adding, or by waiting that long. */
    void (*advance)(void *context, int64_t ns);
    void *context;
    /* By how much a time may be answered too long, as the store's clock is
     * coarser; and too short, as time also passes unasked. 0: exact. */
    int64_t granularity_ns, slack_ns;
};

/* Runs all cases as one cmocka group; returns how many failed. */
int conformance_run(const char *name, const struct fixture *fixture);

#endif
