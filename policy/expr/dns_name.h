/*
 * Domain names, internationalised ones included: labels of ASCII letters,
 * digits and inner hyphens, of letters of other scripts, or of such letters
 * encoded ("xn--..."). One dot may stand at the end.
 * Sources: RFC 1123, 2.1; IDNA2008, RFC 5890 to 5893; for comparing, the
 * mapping of UTS 46 without its transitional part.
 * Threads: any. Memory from the heap is used only for what is not plain ASCII.
 */
#ifndef POLICY_EXPR_DNS_NAME_H
#define POLICY_EXPR_DNS_NAME_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>

/* Is it one as it stands, without any mapping? So no capitals but in ASCII. */
bool dns_name_is_valid(struct str text);

/*
 * A valid one with encoded labels decoded: into `arena`, or borrowed from
 * `text`. False if it is none, or the arena's limit is hit.
 */
bool dns_name_parse(struct str text, struct arena *arena, struct str *name);

/* Do both name the same? False if one of them is no domain name even when
 * capitals and such are mapped. */
bool dns_name_equal(struct str a, struct str b, bool *is_equal);

#endif
