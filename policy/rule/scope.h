/*
 * Which rules a request is asked of: those without a namespace, and those of
 * its own. That is destination.namespace, or source.namespace where
 * context.reporter.kind is "outbound"; no reporter is "inbound", and one of any
 * other kind has none. Source: Mixer.
 * Threads: one while they are built, then any (immutable).
 */
#ifndef POLICY_RULE_SCOPE_H
#define POLICY_RULE_SCOPE_H

#include "policy/attr/bag.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/rule/index.h"
#include "policy/rule/rule.h"

#include <stdbool.h>

struct scopes;

/* Builds ruleset->scopes. Namespaces are read, and so in use, only if a rule
 * has one. uses_tests: see rule_index_build. */
void scopes_build(struct ruleset *ruleset, bool uses_tests,
                  struct vocabulary *vocabulary, struct arena *arena);

/* The rules that can match, in memory of the bag's arena. What is read is
 * recorded. False if the arena's limit is hit. */
bool scopes_find(const struct scopes *scopes, struct bag *bag,
                 struct candidates *candidates);

/* Whether the rule is asked of the request at all. */
bool scopes_hold(const struct scopes *scopes, struct bag *bag,
                 const struct rule *rule);

#endif
