/*
 * Whether a rule is for a request, by its match.
 *
 * An index leaves out a rule that is skipped where it cannot be evaluated, if
 * it is refuted (expr/refute.h) and so could not have matched either. Such a
 * rule does not match, asked or not: what counts as failed depends neither on
 * there being an index nor on which test it looks at.
 * Threads: as its bag's.
 */
#ifndef POLICY_CHECK_MATCH_H
#define POLICY_CHECK_MATCH_H

#include "policy/attr/bag.h"
#include "policy/rule/rule.h"

enum matching {
    MATCHES_NOT,
    MATCHES,
    MATCH_FAILS, /* see on_error */
};

/* Its window and its namespace are other matters. */
enum matching match_decide(const struct rule *rule, struct bag *bag);

#endif
