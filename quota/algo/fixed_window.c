#include "quota/algo/fixed_window.h"

#include "quota/algo/calendar.h"
#include "quota/algo/instant.h"

#include <assert.h>

void fixed_window_pass(struct fixed_window *window, int64_t now_ns)
{
    if (now_ns >= window->ends_ns)
        *window = (struct fixed_window){ 0 };
}

int64_t fixed_window_left(const struct fixed_window *window,
                          const struct limit *limit)
{
    return window->used < limit->amount ? limit->amount - window->used : 0;
}

void fixed_window_take(struct fixed_window *window, const struct limit *limit,
                       int64_t now_ns, int64_t units)
{
    assert(units >= 0 && units <= LIMIT_AMOUNT_MAX - window->used);
    if (window->used == 0 && units > 0)
        window->ends_ns = limit->calendar == CALENDAR_NONE
                              ? instant_after(now_ns, limit->period_ns)
                              : calendar_end_ns(limit->calendar, now_ns);
    window->used += units;
}

int64_t fixed_window_give_back(struct fixed_window *window, int64_t units)
{
    assert(units >= 0);
    if (units < window->used) {
        window->used -= units;
        return units;
    }
    units = window->used;
    *window = (struct fixed_window){ 0 };
    return units;
}

int64_t fixed_window_wait_ns(const struct fixed_window *window,
                             const struct limit *limit, int64_t now_ns,
                             int64_t units)
{
    if (units <= fixed_window_left(window, limit))
        return 0;
    if (units > limit->amount)
        return -1;
    return instant_until(now_ns, window->ends_ns);
}
