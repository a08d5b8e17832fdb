#include "policy/expr/timestamp.h"

#include <ctype.h>

static bool take_char(struct str *text, char c)
{
    if (text->len == 0 || text->data[0] != c)
        return false;
    *text = str_skip(*text, 1);
    return true;
}

/* Cuts off exactly `count` digits, which make a number of at least `least` and
 * at most `most`. */
static bool take_number(struct str *text, size_t count, int least, int most,
                        int *number)
{
    if (text->len < count)
        return false;
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isdigit((unsigned char)text->data[i]))
            return false;
        *number = *number * 10 + (text->data[i] - '0');
    }
    *text = str_skip(*text, count);
    return *number >= least && *number <= most;
}

static bool is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Days from 1 January of the year 1 to the first one of `year`. */
static int64_t days_before_year(int year)
{
    int64_t past = year - 1;

    return past * 365 + past / 4 - past / 100 + past / 400;
}

/* "2015-01-02" as days since 1970. */
static bool take_date(struct str *text, int64_t *days)
{
    int year, month, day;

    if (!take_number(text, 4, 1, 9999, &year) || !take_char(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take_char(text, '-') ||
        !take_number(text, 2, 1, days_in_month(year, month), &day))
        return false;
    *days = days_before_year(year) - days_before_year(1970) + day - 1;
    while (--month > 0)
        *days += days_in_month(year, month);
    return true;
}

/* "15:04" as seconds. */
static bool take_clock(struct str *text, int *seconds)
{
    int hours, minutes;

    if (!take_number(text, 2, 0, 23, &hours) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &minutes))
        return false;
    *seconds = (hours * 60 + minutes) * 60;
    return true;
}

/* ".5", or nothing. */
static bool take_fraction(struct str *text, int32_t *nanos)
{
    int32_t unit = 100000000;

    *nanos = 0;
    if (!take_char(text, '.'))
        return true;
    if (text->len == 0 || !isdigit((unsigned char)text->data[0]))
        return false;
    for (; text->len > 0 && isdigit((unsigned char)text->data[0]); unit /= 10) {
        *nanos += (text->data[0] - '0') * unit;
        *text = str_skip(*text, 1);
    }
    return true;
}

/* "Z", "+01:00" as seconds east of UTC. */
static bool take_zone(struct str *text, int *seconds)
{
    bool is_west;

    *seconds = 0;
    if (take_char(text, 'Z'))
        return true;
    is_west = take_char(text, '-');
    if ((!is_west && !take_char(text, '+')) || !take_clock(text, seconds))
        return false;
    if (is_west)
        *seconds = -*seconds;
    return true;
}

#define DAY_SECONDS 86400

bool timestamp_parse(struct str text, struct instant *instant)
{
    int64_t first = -days_before_year(1970) * DAY_SECONDS;
    int64_t end = first + days_before_year(10000) * DAY_SECONDS;
    int64_t days;
    int clock, seconds, east;

    if (!take_date(&text, &days) || !take_char(&text, 'T') ||
        !take_clock(&text, &clock) || !take_char(&text, ':') ||
        !take_number(&text, 2, 0, 59, &seconds) ||
        !take_fraction(&text, &instant->nanos) || !take_zone(&text, &east) ||
        text.len > 0)
        return false;
    instant->seconds = days * DAY_SECONDS + clock + seconds - east;
    return instant->seconds >= first && instant->seconds < end;
}
