/*
 * Quotas that the caller names. They are charged whatever rules match.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_ASK_H
#define POLICY_CHECK_ASK_H

#include "policy/check/check.h"

#include <stdbool.h>
#include <stdint.h>

/* Answers each as far as it can be answered without the store, and adds a
 * request for the others. Reads are recorded per quota. */
void ask_all(struct check *check);

bool ask_names(const struct check *check, uint32_t quota);

/* The store has answered. */
void ask_settle(struct check *check, const struct quota_grant *grants);

#endif
