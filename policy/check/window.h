/*
 * Times at which a rule holds.
 * Threads: any.
 */
#ifndef POLICY_CHECK_WINDOW_H
#define POLICY_CHECK_WINDOW_H

#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

/* Is it open? now_ns: since 1970 UTC. *steady_ns: for how long the answer
 * stays as it is; INT64_MAX: for ever. */
bool window_is_open(const struct window *window, int64_t now_ns,
                    int64_t *steady_ns);

#endif
