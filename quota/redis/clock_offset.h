/*
 * How far a server's clock is from ours, by its answer to TIME.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_CLOCK_OFFSET_H
#define QUOTA_REDIS_CLOCK_OFFSET_H

#include "quota/redis/reply.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Sets *offset_ns to the server's time since 1970 less CLOCK_BOOTTIME, as if
 * it had been read half way between sending and answer: wrong by half of that
 * at most. sent_ns, now_ns: CLOCK_BOOTTIME of both. False, and nothing is set:
 * the reply is no answer to TIME.
 */
bool clock_offset_read(const struct reply *reply, int64_t sent_ns,
                       int64_t now_ns, int64_t *offset_ns);

#endif
