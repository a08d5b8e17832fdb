/*
 * Decisions as texts: a configuration, a request as JSON, and what is decided,
 * one fact a line:
 *   PERMISSION_DENIED "rule:message"
 *   http 403 "body"
 *   request x-tier: gold          (also "append", "remove")
 *   response retry-after: 5
 *   charge per-user 3             (also "in shadow")
 *   valid 5s 1000
 */
#ifndef TEST_SUPPORT_DECISION_H
#define TEST_SUPPORT_DECISION_H

#include "config/snapshot.h"
#include "policy/check/check.h"

#include <stdint.h>

struct decision {
    struct snapshot *snapshot;
    struct arena arena; /* of the decision that was made last */
    struct bag bag;
    struct check check;
};

struct request {
    struct str attributes; /* JSON */
    int64_t wall_ns;
    struct str exhausted; /* a quota of which nothing is left; empty: none */
};

/* Fails the test if the text has mistakes; warnings are passed over. */
void decision_init(struct decision *decision, struct str text);
void decision_fini(struct decision *decision);

/* Borrowed until the next one. */
struct str decision_make(struct decision *decision,
                         const struct request *request);

#endif
