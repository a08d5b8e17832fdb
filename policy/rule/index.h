/*
 * Finds the few of many rules that can match a request. Each rule is looked up
 * by one test that it cannot match without (policy/expr/necessary.h); rules
 * that have none are candidates of every request.
 *
 * What is left out would not have matched, or would have been skipped and could
 * not have matched (policy/check/match.h); so an index changes how long a
 * decision takes, but not the decision. What it looks at is recorded in
 * bag->refs like every other read: two requests that agree in all that was
 * recorded have the same candidates. Threads: one while it is built, then any
 * (immutable).
 */
#ifndef POLICY_RULE_INDEX_H
#define POLICY_RULE_INDEX_H

#include "policy/attr/bag.h"
#include "policy/base/arena.h"
#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_index;

/* Numbers of rules, ascending. */
struct rule_numbers {
    const uint32_t *items;
    uint32_t count;
};

/*
 * Indexes some of `rules`. All memory is the arena's, which has no limit, or
 * borrowed from the rules. uses_tests: false makes every rule a candidate of
 * every request, to compare with.
 */
const struct rule_index *rule_index_build(const struct rule *rules,
                                          struct rule_numbers numbers,
                                          bool uses_tests, struct arena *arena);

/* ---- candidates -------------------------------------------------------- */

/* Several ascending sequences of rules, merged while they are read. */
struct candidates {
    struct rule_numbers *runs;
    uint32_t run_count;
};

/* How many runs one rule_index_find adds at most. */
uint32_t rule_index_runs_max(const struct rule_index *index);

/* Adds the rules that can match; there is room for as many runs. */
void rule_index_find(const struct rule_index *index, struct bag *bag,
                     struct candidates *candidates);

#define RULE_NONE UINT32_MAX

/* Takes the lowest number that is left, or RULE_NONE. */
uint32_t candidates_next(struct candidates *candidates);

#endif
