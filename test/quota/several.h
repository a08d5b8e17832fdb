/*
 * Cases of the conformance suite about the quotas of one Check, of which all
 * are taken or none.
 */
#ifndef TEST_QUOTA_SEVERAL_H
#define TEST_QUOTA_SEVERAL_H

#include "quota/limit.h"
#include "test/quota/sequence.h"

#include <stdbool.h>
#include <stdint.h>

/* One charge, and what it is to get. */
struct part {
    const struct limit *limit;
    const char *key;
    int64_t amount;
    int64_t granted;
    bool is_refused;
    const char *id;
    enum step_mode mode;
};

/* One take, and what is left of each key after it. */
struct round {
    const char *why;
    enum take_status status;
    struct part parts[QUOTAS_PER_CHECK_MAX]; /* until one without limit */
    int64_t left[QUOTAS_PER_CHECK_MAX]; /* by part: of its key, afterwards */
};

#define ROUNDS_MAX 4

struct several {
    const char *name;
    struct round rounds[ROUNDS_MAX]; /* until one without `why` */
};

/* The last one has no name. */
extern const struct several several_cases[];

void several_run(const struct several *several, const struct fixture *fixture);

#endif
