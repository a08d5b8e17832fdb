/*
 * The calendar that windows may keep to: the proleptic Gregorian one in UTC,
 * without leap seconds. A week begins on Monday.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_CALENDAR_H
#define QUOTA_ALGO_CALENDAR_H

#include "quota/limit.h"

#include <stdint.h>

/* When the unit that `now_ns` lies in ends and the next one begins; later than
 * now_ns, or INT64_MAX if no int64_t holds it. Times are ns since 1970 UTC.
 * calendar: not CALENDAR_NONE. */
int64_t calendar_end_ns(enum calendar calendar, int64_t now_ns);

#endif
