/*
 * How two values of one type compare.
 *   DNS_NAME, EMAIL_ADDRESS, URI
 *                  equal as dns_name.h, email.h and uri.h say, else by bytes
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
    ORDER_INVALID = 0, /* one of them is no value of its type: callers may
                          send any text as a DNS_NAME, EMAIL_ADDRESS or URI */
};

/* Can values of that type be equal (==, !=), or also less (<, ...)? */
bool order_has_equal(enum value_type type);
bool order_has_less(enum value_type type);

/* type: one that has at least equality; a, b: of that type. */
enum order order_of(enum value_type type, const struct value *a,
                    const struct value *b);

#endif
