/*
 * That an explanation tells what the decision did: for every decision that a
 * table makes.
 */
#ifndef TEST_SUPPORT_EXPLAINED_H
#define TEST_SUPPORT_EXPLAINED_H

#include "config/snapshot.h"
#include "policy/check/check.h"

/* Fails the test if not. grants: those of check_finish; NULL: none. */
void explained_agrees(const struct check *check,
                      const struct quota_grant *grants,
                      const struct snapshot *snapshot);

#endif
