#include "quota/local/timeline.h"

#include <string.h>

/* The time is `time_ns` now. */
static struct timeline at(int64_t time_ns, const struct clocks *now)
{
    return (struct timeline){ time_ns - now->boot_ns, now->boot };
}

static int64_t wall_of(const struct clocks *now)
{
    return now->wall_ns > 0 ? now->wall_ns : 0;
}

static bool is_same_boot(const struct boot *one, const struct boot *other)
{
    static const struct boot unknown;

    return memcmp(one, other, sizeof(*one)) == 0 &&
           memcmp(one, &unknown, sizeof(*one)) != 0;
}

struct timeline timeline_begin(const struct clocks *now)
{
    return at(wall_of(now), now);
}

struct timeline timeline_resume(const struct timeline *before, int64_t seen_ns,
                                const struct clocks *now)
{
    int64_t wall_ns = wall_of(now);
    int64_t time_ns;

    if (is_same_boot(&before->boot, &now->boot) &&
        !__builtin_add_overflow(now->boot_ns, before->offset_ns, &time_ns) &&
        time_ns >= seen_ns && time_ns <= TIMELINE_END_NS)
        return *before;
    return at(wall_ns > seen_ns ? wall_ns : seen_ns, now);
}
