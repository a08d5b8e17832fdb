#include "quota/redis/clock_offset.h"

#include "policy/base/clock.h"

#include <string.h>

/* Digits only; no more than `most`. */
static bool read_number(const char *text, int64_t most, int64_t *number)
{
    if (*text == '\0')
        return false;
    for (*number = 0; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *number = *number * 10 + (*text - '0');
        if (*number > most)
            return false;
    }
    return true;
}

bool clock_offset_read(const struct reply *reply, int64_t sent_ns,
                       int64_t now_ns, int64_t *offset_ns)
{
    int64_t seconds, micros;

    /* Until the year 2242, so that sums fit. */
    if (reply->kind != REPLY_OTHER ||
        !read_number(reply->texts[0], INT64_MAX / SECOND - 600000000,
                     &seconds) ||
        !read_number(reply->texts[1], 999999, &micros))
        return false;
    *offset_ns = seconds * SECOND + micros * MICROSECOND - sent_ns -
                 (now_ns - sent_ns) / 2;
    return true;
}
