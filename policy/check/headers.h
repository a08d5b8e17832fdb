/*
 * What rules do to the headers of a request that passes, and to those of its
 * answer. Source: Mixer's route directive.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_HEADERS_H
#define POLICY_CHECK_HEADERS_H

#include "policy/check/check.h"

/* Collects the operations of the rules that let the request pass, in file
 * order. One whose value cannot be evaluated, is empty or can be no header's is
 * left out. */
void headers_collect(struct check *check);

#endif
