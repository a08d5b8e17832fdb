/*
 * To which key of a quota a request belongs, and which of its limits holds
 * there: of the values of its dimensions, whoever knows them.
 * Pure; any thread.
 */
#ifndef POLICY_CHECK_QUOTA_KEY_H
#define POLICY_CHECK_QUOTA_KEY_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a key's text; longer ones are cut. */
#define QUOTA_KEY_TEXT_BYTES 128

struct quota_key {
    struct str bytes; /* tell it from any other: the quota's identity and the
                         values, each with its length before it */
    struct str text;  /* the same for people: "service=ratings" */
    uint32_t limit;   /* 0: the quota's own; n: its n-th override */
};

/*
 * values: one for each dimension of `spec`, in its order.
 * is_redacted: the text has short hashes in place of values,
 * "service=#1f3a": the same value has the same everywhere, and whoever has a
 * guess can try it, but values cannot be read off.
 * False if the arena's limit does not allow it.
 */
bool quota_key_make(struct quota_key *key, const struct quota_spec *spec,
                    const struct str *values, bool is_redacted,
                    struct arena *arena);

#endif
