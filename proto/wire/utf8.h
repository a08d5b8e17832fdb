/*
 * What may be sent as a string of a message. Receivers refuse a whole message
 * for one string that is not UTF-8, and C's strings end at a NUL.
 * Source: RFC 3629, section 4.
 * Pure; any thread.
 */
#ifndef PROTO_WIRE_UTF8_H
#define PROTO_WIRE_UTF8_H

#include "policy/base/str.h"

#include <stdbool.h>

/* Whether `s` is UTF-8 without a NUL. */
bool utf8_is_text(struct str s);

#endif
