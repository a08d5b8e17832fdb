/*
 * A store in front of another one, which is away or late when the test wants
 * it. What it is asked for while it is late waits for flaky_answer.
 * Threads: one.
 */
#ifndef TEST_QUOTA_FLAKY_STORE_H
#define TEST_QUOTA_FLAKY_STORE_H

#include "quota/store.h"

#include <stdbool.h>

enum flaky_state {
    FLAKY_UP,
    FLAKY_AWAY, /* an outage, at once */
    FLAKY_LATE, /* up, but it does not answer yet */
};

struct flaky_store {
    struct store store;
    struct store *inner; /* borrowed; answers at once */
    enum flaky_state state;
    struct list takes, releases; /* that wait */
    int64_t now_ns;              /* at which they are charged */
};

void flaky_init(struct flaky_store *flaky, struct store *inner);
void flaky_set(struct flaky_store *flaky, enum flaky_state state);

/* Answers all that waits: as an outage, which did not happen, or not. */
void flaky_answer(struct flaky_store *flaky, bool is_outage);

#endif
