/*
 * Holds compiled expressions against the walk over their tree, and against
 * what they recorded.
 * Threads: one at a time.
 */
#ifndef TEST_POLICY_EXPR_COMPARE_H
#define TEST_POLICY_EXPR_COMPARE_H

#include "policy/base/arena.h"

#include <stdint.h>

/*
 * Makes an expression and attributes of the bytes and evaluates it
 * - compiled and as a tree: value, absence or error, its place, and what was
 *   read, in its order, must be the same;
 * - compiled, over attributes that are the same only where they were recorded
 *   as read: value, absence or error must be the same;
 * and looks at the tests without which it cannot be true: where one is false,
 * it must not be, and must be false if the test is certain.
 * NULL, or what is not so: in `arena`, which has no limit.
 */
const char *expr_compare(const uint8_t *bytes, size_t count,
                         struct arena *arena);

#endif
