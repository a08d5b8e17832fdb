#include "quota/algo/rolling_window.h"

#include "quota/algo/instant.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

void rolling_window_pass(struct rolling_window *window, int64_t now_ns)
{
    uint32_t ended = 0;

    while (ended < window->count && window->buckets[ended].ends_ns <= now_ns)
        ended++;
    if (ended == 0)
        return;
    window->count -= ended;
    memmove(window->buckets, window->buckets + ended,
            window->count * sizeof(window->buckets[0]));
}

int64_t rolling_window_used(const struct rolling_window *window)
{
    int64_t used = 0;

    for (uint32_t i = 0; i < window->count; i++)
        used += window->buckets[i].units;
    return used;
}

int64_t rolling_window_left(const struct rolling_window *window,
                            const struct limit *limit)
{
    int64_t used = rolling_window_used(window);

    return used < limit->amount ? limit->amount - used : 0;
}

static struct rolling_bucket *newest_of(struct rolling_window *window)
{
    return window->count > 0 ? &window->buckets[window->count - 1] : NULL;
}

/* Buckets stay in the order of their end, also when time steps back, and their
 * number within its bound, also when bucket_ns is changed. */
static bool joins_newest(const struct rolling_window *window,
                         const struct limit *limit, int64_t now_ns)
{
    int64_t last_ns = rolling_window_ends_ns(window) - limit->period_ns;

    return now_ns < instant_after(window->start_ns, limit->bucket_ns) ||
           now_ns < last_ns ||
           window->count >= limit->period_ns / limit->bucket_ns + 2;
}

void rolling_window_take(struct rolling_window *window,
                         const struct limit *limit, int64_t now_ns,
                         int64_t units)
{
    int64_t ends_ns = instant_after(now_ns, limit->period_ns);
    struct rolling_bucket *newest = newest_of(window);

    assert(units >= 0);
    if (units == 0)
        return;
    if (newest && joins_newest(window, limit, now_ns)) {
        newest->units += units;
        if (ends_ns > newest->ends_ns)
            newest->ends_ns = ends_ns;
        return;
    }
    assert(window->count < ROLLING_BUCKETS_MAX);
    window->buckets[window->count++] =
        (struct rolling_bucket){ ends_ns, units };
    window->start_ns = now_ns;
}

int64_t rolling_window_give_back(struct rolling_window *window, int64_t units)
{
    struct rolling_bucket *newest;
    int64_t wanted = units;

    assert(units >= 0);
    while (wanted > 0 && (newest = newest_of(window))) {
        if (wanted < newest->units) {
            newest->units -= wanted;
            return units;
        }
        wanted -= newest->units;
        window->count--;
        /* The one before it began too long ago to be joined. */
        window->start_ns = INT64_MIN;
    }
    return units - wanted;
}

int64_t rolling_window_wait_ns(const struct rolling_window *window,
                               const struct limit *limit, int64_t now_ns,
                               int64_t units)
{
    int64_t left = rolling_window_left(window, limit);
    int64_t missing;

    if (units <= left)
        return 0;
    if (units > limit->amount)
        return -1;
    missing = rolling_window_used(window) - (limit->amount - units);
    for (uint32_t i = 0;; i++) {
        missing -= window->buckets[i].units;
        if (missing <= 0)
            return instant_until(now_ns, window->buckets[i].ends_ns);
    }
}

int64_t rolling_window_ends_ns(const struct rolling_window *window)
{
    return window->count > 0 ? window->buckets[window->count - 1].ends_ns : 0;
}
