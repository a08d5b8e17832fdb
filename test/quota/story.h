/*
 * What a limit makes of one and the same requests, told by the code that
 * decides: the pure functions of quota/algo, and for leases the memory store.
 * For docs/quotas.svg; the same on every machine.
 * Threads: one.
 */
#ifndef TEST_QUOTA_STORY_H
#define TEST_QUOTA_STORY_H

#include "policy/base/clock.h"
#include "quota/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* Times are ns from its beginning, which is 10:00 UTC. All that happens does so
 * at a multiple of a tick. */
#define STORY_NS (6 * MINUTE)
#define STORY_TICK_NS (100 * MILLISECOND)

/* Requests that come at even distances. */
struct story_run {
    const char *caption;
    int64_t from_ns, every_ns;
    uint32_t count;
};

#define STORY_RUNS 5
extern const struct story_run story_runs[STORY_RUNS];

/* When its last one comes. */
static inline int64_t story_run_end_ns(const struct story_run *run)
{
    return run->from_ns + (run->count - 1) * run->every_ns;
}

struct story_request {
    int64_t at_ns;
    uint32_t run;
    bool is_passed;
};

/* What is in use from then on. */
struct story_level {
    int64_t at_ns, used;
};

/* Of FIXED_WINDOW: from the use that began it, or for a calendar the unit. */
struct story_window {
    int64_t from_ns, to_ns;
};

#define STORY_REQUESTS_MAX 100
#define STORY_LEVELS_MAX 400
#define STORY_WINDOWS_MAX 10

struct story {
    const struct limit *limit;
    struct story_request requests[STORY_REQUESTS_MAX];
    uint32_t request_count;
    struct story_level levels[STORY_LEVELS_MAX]; /* where it changes */
    uint32_t level_count;
    struct story_window windows[STORY_WINDOWS_MAX];
    uint32_t window_count;
};

/*
 * CONCURRENCY: whoever passes gives back after STORY_CALL_NS, but after
 * STORY_SLOW_CALL_NS if he came within the minute in which all is slow; and the
 * first STORY_DEAD of the second run never do.
 */
#define STORY_CALL_NS (12 * SECOND)
#define STORY_SLOW_CALL_NS (45 * SECOND)
#define STORY_SLOW_FROM_NS (2 * MINUTE)
#define STORY_DEAD 4

/* limit: amounts up to a hundred, borrowed. */
void story_tell(struct story *story, const struct limit *limit);

/* How many pass, of a run and of all. */
uint32_t story_passed(const struct story *story, uint32_t run);
uint32_t story_passed_in_all(const struct story *story);

/* The most that pass in any time of `span_ns`; the most in use. */
uint32_t story_most_within(const struct story *story, int64_t span_ns);
int64_t story_most_used(const struct story *story);

#endif
