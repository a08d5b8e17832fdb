/*
 * Lines about refused requests: a sample of them, and at most so many a second,
 * so that a flood of refusals is no flood of lines. Each refusal has an id, by
 * which a line and the reply that its caller saw are found together.
 *   event=denied decision=93c1... code=PERMISSION_DENIED rule="no-blue"
 *   event=denied decision=0c4e... code=RESOURCE_EXHAUSTED rule="limits"
 *       quota="per-user" key="user=ann" suppressed=12
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_DENIAL_LOG_H
#define PROTO_SERVER_CALL_DENIAL_LOG_H

#include "config/snapshot.h"
#include "policy/base/str.h"
#include "policy/rule/status.h"
#include "quota/algo/token_bucket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct denial_log {
    uint64_t next_id;
    struct token_bucket lines;
    uint64_t suppressed_count; /* since the last line */
};

/* Who was refused, by what. Empty: it does not apply. */
struct denial_facts {
    uint64_t decision;
    enum status_code code;
    struct str rule;
    struct str quota;
    struct str key; /* of the quota, for people */
};

/* seed: secret and of this process alone. */
void denial_log_init(struct denial_log *log, uint64_t seed);

/* An id that looks random and does not come again from this log. */
uint64_t denial_log_id(struct denial_log *log);

/* Is a line written of this refusal? now_ns: CLOCK_BOOTTIME. Counts it as
 * suppressed if it is one too many. */
bool denial_log_admit(struct denial_log *log,
                      const struct log_settings *settings, uint64_t decision,
                      int64_t now_ns);

/* The pairs of the line, with texts escaped, ended by NUL; cut if they do not
 * fit. Returns the length. Forgets how many were suppressed. */
#define DENIAL_LINE_BYTES 1024
size_t denial_log_format(struct denial_log *log,
                         const struct denial_facts *facts,
                         char line[static DENIAL_LINE_BYTES]);

/* An id as 16 hexadecimal digits. */
#define DECISION_TEXT_SIZE 17
void decision_format(uint64_t decision, char text[static DECISION_TEXT_SIZE]);

#endif
