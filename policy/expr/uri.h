/*
 * URIs and relative references by the generic syntax. Bytes that should have
 * been escaped are taken as they are, since that is what browsers send and
 * proxies pass on; a library that holds on to the letter (uriparser) refuses
 * "/a|b".
 * Source: RFC 3986, 3 and appendix B; RFC 6874 for zones.
 * Threads: any.
 */
#ifndef POLICY_EXPR_URI_H
#define POLICY_EXPR_URI_H

#include "policy/base/str.h"

#include <stdbool.h>

bool uri_is_valid(struct str text);

/*
 * Are both the same: the scheme without case, of http and https the host as a
 * domain name and no port as an empty one, the rest exactly? False if one of
 * them is no URI, or such a host no domain name and no IP address.
 */
bool uri_equal(struct str a, struct str b, bool *is_equal);

#endif
