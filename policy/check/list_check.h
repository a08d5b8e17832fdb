/*
 * A rule that looks a value up in a list.
 * Threads: its worker.
 */
#ifndef POLICY_CHECK_LIST_CHECK_H
#define POLICY_CHECK_LIST_CHECK_H

#include "policy/attr/bag.h"
#include "policy/rule/rule.h"

enum list_verdict {
    LIST_PASSES,
    LIST_REFUSES,
    LIST_FAILS, /* there is no value to look up, or no list to look it up in */
};

enum list_verdict list_check_decide(const struct list_check *check,
                                    struct bag *bag);

#endif
