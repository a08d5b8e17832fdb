/*
 * Quotas that rules charge.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_CHARGE_H
#define POLICY_CHECK_CHARGE_H

#include "policy/check/check.h"

#include <stdbool.h>

/* A rule with charges matched: adds its requests. A quota is charged once,
 * whoever asks. False, and nothing is added, if a key or an amount cannot be
 * evaluated, or an amount is below 1. */
bool charge_rule(struct check *check, const struct rule_event *event);

/* The store has answered: those that it refuses make the verdict. */
void charge_settle(struct check *check, const struct quota_grant *grants);

#endif
