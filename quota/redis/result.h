/*
 * What the script returned for the charges of one take or release, and the
 * answer that it makes. Strict: what cannot be is no answer.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_RESULT_H
#define QUOTA_REDIS_RESULT_H

#include "quota/redis/split.h"
#include "quota/store.h"

#include <stdint.h>

enum result {
    RESULT_READ,
    RESULT_FAILED, /* Redis could not make it, and changed nothing */
    RESULT_MALFORMED,
};

/* How many integers these are. */
uint32_t result_count_of_take(const struct take *take);
uint32_t result_count_of_release(const struct release *release);

/* Fills take->status and the grants. */
enum result result_read_take(const int64_t *integers, struct take *take);
/* The same of a part, and its `repeats`. */
enum result result_read_part(const int64_t *integers, struct part *part);
/* Fills release->released. */
enum result result_read_release(const int64_t *integers,
                                struct release *release);

#endif
