/*
 * Whether an expression is refuted: one of the tests that it cannot be true
 * without is false, whatever its other parts come to, even nothing at all. It
 * is what an index leaves rules out for.
 * Threads: as its bag's.
 */
#ifndef POLICY_EXPR_REFUTE_H
#define POLICY_EXPR_REFUTE_H

#include "policy/attr/bag.h"
#include "policy/expr/code.h"

#include <stdbool.h>

/* Records nothing in the bag. False if no such test is false, or none is known.
 */
bool code_is_refuted(const struct code *code, const struct bag *bag);

#endif
