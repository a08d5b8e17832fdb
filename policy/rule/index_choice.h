/*
 * Which of its tests each rule is looked up by in an index
 * (policy/rule/index.h): one that it cannot match without
 * (policy/expr/necessary.h).
 *
 * The first of them that few rules share: what is evaluated first would be read
 * without an index as well, so that the answer depends on no more attributes
 * and can be cached as well. Where many share it, the one that the fewest do.
 * But what other rules must be looked up by is read anyway: one of those that
 * fewer rules share is better, and costs neither a read nor a look-up more.
 * Threads: any.
 */
#ifndef POLICY_RULE_INDEX_CHOICE_H
#define POLICY_RULE_INDEX_CHOICE_H

#include "policy/base/arena.h"
#include "policy/expr/necessary.h"
#include "policy/rule/rule.h"

#include <stdint.h>

/* For each of the `count` rules of these numbers its test; NULL where it has
 * none and must always be asked. In `arena`, which has no limit; the tests are
 * borrowed from the rules. */
const struct necessary **index_choose(const struct rule *rules,
                                      const uint32_t *numbers, uint32_t count,
                                      struct arena *arena);

#endif
