/*
 * Instants as text. Source: RFC 3339, as Go's time.RFC3339 reads it: upper-case
 * T and Z, a zone is needed, no leap seconds.
 * Threads: any.
 */
#ifndef POLICY_EXPR_TIMESTAMP_H
#define POLICY_EXPR_TIMESTAMP_H

#include "policy/attr/value.h"
#include "policy/base/str.h"

#include <stdbool.h>

/* "2015-01-02T15:04:35.5+01:00". What is finer than a nanosecond is dropped.
 * False if it is none, or not in the years 1 .. 9999 of UTC. */
bool timestamp_parse(struct str text, struct instant *instant);

#endif
