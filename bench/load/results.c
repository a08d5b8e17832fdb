#include "bench/load/results.h"

#include <stddef.h>

static void add_counts(uint64_t *counts, const uint64_t *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        counts[i] += others[i];
}

void results_add(struct results *results, const struct results *other)
{
    results->replied += other->replied;
    latency_add(&results->latency, &other->latency);
    add_counts(results->statuses, other->statuses, GRPC_STATUS_COUNT);
    add_counts(results->verdicts, other->verdicts, REPLY_VERDICT_COUNT);
    add_counts(results->failures, other->failures, FAILURE_COUNT);
}

bool results_are_good(const struct results *results)
{
    for (size_t i = 1; i < GRPC_STATUS_COUNT; i++)
        if (results->statuses[i] > 0)
            return false;
    for (size_t i = 0; i < FAILURE_COUNT; i++)
        if (results->failures[i] > 0)
            return false;
    return results->verdicts[REPLY_MALFORMED] == 0;
}
