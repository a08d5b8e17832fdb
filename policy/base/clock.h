/*
 * The clock, for the rim only: decisions are given the time as an argument.
 * Threads: any.
 */
#ifndef POLICY_BASE_CLOCK_H
#define POLICY_BASE_CLOCK_H

#include <stdint.h>

#define NANOSECOND INT64_C(1)
#define MICROSECOND (1000 * NANOSECOND)
#define MILLISECOND (1000 * MICROSECOND)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* CLOCK_BOOTTIME: never steps, also counts sleep; the same for all processes
 * of one boot. For deadlines, latencies and the memory store. */
int64_t clock_boot_ns(void);

/* CLOCK_REALTIME since 1970 UTC; may step. For display, and for what people
 * give dates to. */
int64_t clock_wall_ns(void);

#endif
