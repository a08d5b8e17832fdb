/*
 * google.rpc.Code: names, numbers, and the HTTP status that each becomes.
 * Source: google/rpc/code.proto.
 * Threads: any, constant.
 */
#ifndef POLICY_RULE_STATUS_H
#define POLICY_RULE_STATUS_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define STATUS_CODES(X)                                                        \
    X(OK, 0)                                                                   \
    X(CANCELLED, 1)                                                            \
    X(UNKNOWN, 2)                                                              \
    X(INVALID_ARGUMENT, 3)                                                     \
    X(DEADLINE_EXCEEDED, 4)                                                    \
    X(NOT_FOUND, 5)                                                            \
    X(ALREADY_EXISTS, 6)                                                       \
    X(PERMISSION_DENIED, 7)                                                    \
    X(RESOURCE_EXHAUSTED, 8)                                                   \
    X(FAILED_PRECONDITION, 9)                                                  \
    X(ABORTED, 10)                                                             \
    X(OUT_OF_RANGE, 11)                                                        \
    X(UNIMPLEMENTED, 12)                                                       \
    X(INTERNAL, 13)                                                            \
    X(UNAVAILABLE, 14)                                                         \
    X(DATA_LOSS, 15)                                                           \
    X(UNAUTHENTICATED, 16)

enum status_code {
#define X(name, number) STATUS_##name = number,
    STATUS_CODES(X)
#undef X
};

/* "PERMISSION_DENIED", ... */
const char *status_code_name(enum status_code code);

/* False if `name` is none of them. */
bool status_code_parse(struct str name, enum status_code *code);

/* The HTTP status that says the same. */
uint32_t status_code_http(enum status_code code);

#endif
