/*
 * For which requests a rule or a quota acts, and for which it is in shadow.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_ENFORCE_H
#define POLICY_CHECK_ENFORCE_H

#include "policy/attr/bag.h"
#include "policy/rule/rule.h"

#include <stdbool.h>

/*
 * Sets *is_shadow. name: of the rule or quota, so that each takes a part of its
 * own. The same value is treated alike by every replica and every version, and
 * what a percentage takes in, a higher one does too. False if `by` cannot be
 * evaluated; it is not in shadow then. error may be NULL.
 */
bool enforce_decide(const struct enforcement *enforcement, struct str name,
                    struct bag *bag, bool *is_shadow, struct eval_error *error);

#endif
