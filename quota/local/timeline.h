/*
 * The time of a store: CLOCK_BOOTTIME plus an offset, so that it never steps,
 * and is the wall clock's when the store is made. It outlives programs and,
 * where the store lies in a file, boots: then it goes on with the wall clock,
 * but never from before what was seen. So nothing is granted early because a
 * clock was set back; it then goes on from where it was, as leases must end.
 * Pure; any thread.
 */
#ifndef QUOTA_LOCAL_TIMELINE_H
#define QUOTA_LOCAL_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel calls a boot; all zero: not known, like no other. */
struct boot {
    uint8_t id[16];
};

/* What the clocks of a machine say at one time. */
struct clocks {
    int64_t boot_ns; /* CLOCK_BOOTTIME */
    int64_t wall_ns; /* CLOCK_REALTIME; before 1970 counts as 1970 */
    struct boot boot;
};

struct timeline {
    int64_t offset_ns; /* added to CLOCK_BOOTTIME of this boot */
    struct boot boot;
};

/* No store is as late as this (in 2116): one that seems to be is damaged. */
#define TIMELINE_END_NS (INT64_MAX / 2)

struct timeline timeline_begin(const struct clocks *now);

/*
 * Goes on in what may be another boot, or another view of the same one, as
 * containers have. seen_ns: the last time of the store that anybody saw, 0 ..
 * TIMELINE_END_NS; that of `now` is none before.
 */
struct timeline timeline_resume(const struct timeline *before, int64_t seen_ns,
                                const struct clocks *now);

#endif
