/*
 * What a Mixer CheckResponse says, read straight from its bytes: no memory is
 * needed, and a reply costs the generator next to nothing.
 * Pure; any thread.
 */
#ifndef BENCH_LOAD_VERDICT_H
#define BENCH_LOAD_VERDICT_H

#include "policy/base/str.h"

#define REPLY_VERDICTS(X)                                                      \
    X(ALLOWED, "allowed")     /* the precondition holds, all quotas granted */ \
    X(DENIED, "denied")       /* the precondition does not hold */             \
    X(EXHAUSTED, "exhausted") /* it is RESOURCE_EXHAUSTED, or a quota granted  \
                                 nothing */                                    \
    X(MALFORMED, "malformed") /* no CheckResponse */

enum reply_verdict {
#define X(name, label) REPLY_##name,
    REPLY_VERDICTS(X)
#undef X
};

#define X(name, label) +1
enum { REPLY_VERDICT_COUNT = REPLY_VERDICTS(X) };
#undef X

/* Their labels, by number. */
extern const char *const reply_verdict_labels[REPLY_VERDICT_COUNT];

/* message: a CheckResponse without the prefix that gRPC puts before it. */
enum reply_verdict reply_verdict(struct str message);

#endif
