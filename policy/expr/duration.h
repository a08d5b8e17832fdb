/*
 * Durations as expressions write them.
 * Source: Go's time.ParseDuration.
 * Threads: any.
 */
#ifndef POLICY_EXPR_DURATION_H
#define POLICY_EXPR_DURATION_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* "1h30m", "-1.5ms", "0": nanoseconds. Fractions of one are dropped. False if
 * it is none, or beyond INT64. */
bool duration_parse(struct str text, int64_t *duration_ns);

#endif
