/*
 * E-mail addresses: a local part, plain or in quotes, "@" and a domain name.
 * No display name, no <>, no comments.
 * Source: RFC 5322, 3.4.1 (addr-spec, without its obsolete forms) and 3.2.3;
 * RFC 6532 for letters beyond ASCII.
 * Threads: any.
 */
#ifndef POLICY_EXPR_EMAIL_H
#define POLICY_EXPR_EMAIL_H

#include "policy/base/str.h"

#include <stdbool.h>

bool email_is_valid(struct str text);

/*
 * Are both the same: the domains as domain names, the local parts exactly but
 * for quotes? False if one of them is no address.
 */
bool email_equal(struct str a, struct str b, bool *is_equal);

#endif
