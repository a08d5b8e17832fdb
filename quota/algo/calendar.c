#include "quota/algo/calendar.h"

#include "quota/algo/instant.h"

#include <stdlib.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

/* 1970 began on a Thursday. */
#define FIRST_MONDAY (4 * DAY)

/* For units that are all equally long; one of them began at start_ns. */
static int64_t end_of_span(int64_t span_ns, int64_t start_ns, int64_t now_ns)
{
    int64_t into_ns = (now_ns % span_ns - start_ns % span_ns) % span_ns;

    if (into_ns < 0)
        into_ns += span_ns;
    return instant_after(now_ns, span_ns - into_ns);
}

static void carry_month(struct tm *date)
{
    date->tm_mon++;
}

static void carry_year(struct tm *date)
{
    date->tm_mon = 0;
    date->tm_year++;
}

/* For units that begin on the first of a month. */
static int64_t end_of_date(void (*carry)(struct tm *date), int64_t now_ns)
{
    time_t second = now_ns / SECOND - (now_ns % SECOND < 0);
    struct tm date, next;
    int64_t end_ns;

    /* Years of 292 to either side of 1970: they fit. */
    if (!gmtime_r(&second, &date))
        abort();
    next = (struct tm){ .tm_year = date.tm_year,
                        .tm_mon = date.tm_mon,
                        .tm_mday = 1 };
    carry(&next);
    return __builtin_mul_overflow((int64_t)timegm(&next), SECOND, &end_ns)
               ? INT64_MAX
               : end_ns;
}

int64_t calendar_end_ns(enum calendar calendar, int64_t now_ns)
{
    switch (calendar) {
    case CALENDAR_NONE:
        break;
    case CALENDAR_SECOND:
        return end_of_span(SECOND, 0, now_ns);
    case CALENDAR_MINUTE:
        return end_of_span(MINUTE, 0, now_ns);
    case CALENDAR_HOUR:
        return end_of_span(HOUR, 0, now_ns);
    case CALENDAR_DAY:
        return end_of_span(DAY, 0, now_ns);
    case CALENDAR_WEEK:
        return end_of_span(WEEK, FIRST_MONDAY, now_ns);
    case CALENDAR_MONTH:
        return end_of_date(carry_month, now_ns);
    case CALENDAR_YEAR:
        return end_of_date(carry_year, now_ns);
    }
    abort();
}
