/*
 * Which key of which quota an operator means, who names the quota and the
 * values of its dimensions.
 * Pure; any thread.
 */
#ifndef PROTO_SERVER_ADMIN_QUOTA_SUBJECT_H
#define PROTO_SERVER_ADMIN_QUOTA_SUBJECT_H

#include "config/snapshot.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/check/quota_key.h"

#include <jansson.h>
#include <stdbool.h>

struct quota_subject {
    struct str quota; /* its name as it is configured */
    struct quota_key key;
    const struct limit *limit; /* that holds for the key */
};

/*
 * question: {"quota": NAME, "dimensions": {NAME: VALUE, ...}}, every dimension
 * with its value as text; names compare without case. Borrows from snapshot,
 * question and arena, which has no limit. False if something is wrong; *why
 * then is a sentence, with the name that was probably meant.
 */
bool quota_subject_find(struct quota_subject *subject,
                        const struct snapshot *snapshot, const json_t *question,
                        struct arena *arena, struct str *why);

#endif
