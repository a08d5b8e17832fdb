#include "policy/check/window.h"

/* From `now_ns` to `then_ns`, which is later. */
static int64_t time_until(int64_t then_ns, int64_t now_ns)
{
    int64_t between_ns;

    if (then_ns == INT64_MAX ||
        __builtin_sub_overflow(then_ns, now_ns, &between_ns))
        return INT64_MAX;
    return between_ns;
}

bool window_is_open(const struct window *window, int64_t now_ns,
                    int64_t *steady_ns)
{
    *steady_ns = INT64_MAX;
    if (now_ns < window->from_ns) {
        *steady_ns = time_until(window->from_ns, now_ns);
        return false;
    }
    if (now_ns < window->to_ns) {
        *steady_ns = time_until(window->to_ns, now_ns);
        return true;
    }
    return false;
}
