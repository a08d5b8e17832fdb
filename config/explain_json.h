/*
 * An explanation as JSON, for programs; config/explain_text.h makes text for
 * people of it.
 *
 * { "code": "OK", "message": "", "http_status": 403, "body": "",
 *   "request_headers": [ HEADER ], "response_headers": [ HEADER ],
 *   "valid_for": "1m", "valid_uses": 10000, "retry_after": "1s",
 *   "pending": true,
 *   "referenced": [ "-source.user" ], "quotas": [ QUOTA ], "rules": [ RULE ],
 *   "unexplained_rules": 3 }
 *
 * RULE: { "rule": NAME, "result": "denied", "took_part": true,
 *         "shadow": true, "on_error": "skip",
 *         "read": { "request.headers[a]": "x" }, "because": [ CLAUSE ],
 *         "error": ERROR, "lookup": LOOKUP, "quotas": [ QUOTA ] }
 * QUOTA: { "quota": NAME, "result": "asked", "amount": 1, "key": "user=ann",
 *          "limit": "50 per 1s, burst 100", "override": 2, "shadow": true,
 *          "granted": 1, "remaining": 99, "refused": true, "outage": true,
 *          "because": [ CLAUSE ], "error": ERROR }
 * LOOKUP: { "list": NAME, "value": VALUE, "result": "not in it" }
 * HEADER: { "name", "operation": "replace", "value" }
 * CLAUSE: { "false": EXPRESSION, "offset": 0, "saw": { EXPRESSION: VALUE } }
 * ERROR: { "message", "attribute", "expression", "offset" }
 *
 * What does not apply is left out: "http_status" of an OK, "because" of what
 * is not false, "shadow" of what is enforced. "pending": the verdict holds if
 * the quotas that are asked are granted. VALUEs are plain, an absent attribute
 * is null, and INT64s are strings.
 * Threads: as the explanation's.
 */
#ifndef CONFIG_EXPLAIN_JSON_H
#define CONFIG_EXPLAIN_JSON_H

#include "config/snapshot.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/check/explain.h"

#include <jansson.h>
#include <stddef.h>

/* Free it with json_decref. snapshot: whose ruleset decided. The arena, for
 * scratch, has no limit. */
json_t *explain_json(const struct explanation *explanation,
                     const struct snapshot *snapshot, struct arena *arena);

/*
 * The JSON in one line of printable ASCII, at most max_bytes (>= 256) long, in
 * the arena. What is too long loses the rules that took no part, then all
 * rules, then all but the code; "unexplained_rules" counts what was lost.
 * Changes the JSON.
 */
struct str explain_json_line(json_t *explanation, size_t max_bytes,
                             struct arena *arena);

#endif
