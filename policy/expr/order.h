/*
 * How two values of one type compare.
 *   DNS_NAME       without case, one dot at the end aside
 *   EMAIL_ADDRESS  its domain as a DNS_NAME, the rest exactly
 *   URI            its scheme without case; of http and https the host as a
 *                  DNS_NAME; the rest exactly
 *   DOUBLE         as IEEE 754 says: NaN compares with nothing
 *   others         by value; STRING by bytes
 * Threads: any.
 */
#ifndef POLICY_EXPR_ORDER_H
#define POLICY_EXPR_ORDER_H

#include "policy/attr/value.h"

#include <stdbool.h>

/* Bits, so that an operator is the set of those for which it holds. */
enum order {
    ORDER_LESS = 1,
    ORDER_EQUAL = 2,
    ORDER_GREATER = 4,
    ORDER_NONE = 8,
};

/* Can values of that type be equal (==, !=), or also less (<, ...)? */
bool order_has_equal(enum value_type type);
bool order_has_less(enum value_type type);

/* type: one that has at least equality; a, b: of that type. */
enum order order_of(enum value_type type, const struct value *a,
                    const struct value *b);

#endif
