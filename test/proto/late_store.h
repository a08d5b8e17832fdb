/*
 * A store that answers later: when the test wants it, or not before the
 * deadline, as an outage. Driven by the worker's store thread.
 */
#ifndef TEST_PROTO_LATE_STORE_H
#define TEST_PROTO_LATE_STORE_H

#include "quota/store.h"

#include <stdatomic.h>

struct late_store {
    struct store store;
    /* Written by the test, read by the worker. */
    atomic_bool answers;
    /* Written by the worker, read by the test. */
    atomic_uint takes, releases;
    struct list pending;
};

/* The test owns its memory; store_free only checks that nothing is left. */
void late_store_init(struct late_store *late);

#endif
