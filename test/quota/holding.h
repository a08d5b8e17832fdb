/*
 * Cases of the conformance suite about who holds the slots of a key.
 */
#ifndef TEST_QUOTA_HOLDING_H
#define TEST_QUOTA_HOLDING_H

#include "test/quota/sequence.h"

struct holding_case {
    const char *name;
    void (*run)(const struct subject *subject);
};

/* The last one has no name. */
extern const struct holding_case holding_cases[];

#endif
