#include "bench/race/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* The longest line: 11 numbers of 20 digits, and a word. */
#define LINE_BYTES_MAX 256

__attribute__((format(printf, 2, 3))) static void
write_line(struct journal *journal, const char *format, ...)
{
    va_list values;
    int length;

    if (journal->used_bytes + LINE_BYTES_MAX > JOURNAL_BYTES)
        journal_flush(journal);
    va_start(values, format);
    length = vsnprintf(journal->bytes + journal->used_bytes, LINE_BYTES_MAX,
                       format, values);
    va_end(values);
    journal->used_bytes += (size_t)length;
}

void journal_check(struct journal *journal, const struct journal_check *check)
{
    write_line(journal,
               "check %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRId64 " %" PRId64
               " %" PRId64 " %d %d %d %" PRId64 "\n",
               check->number, check->quota, check->server, check->due_ns,
               check->sent_ns, check->received_ns, (int)check->error,
               check->answer.is_granted, check->answer.is_outage,
               check->answer.valid_ns);
}

void journal_release(struct journal *journal, uint64_t number, int64_t due_ns,
                     int64_t sent_ns)
{
    write_line(journal, "release %" PRIu64 " %" PRId64 " %" PRId64 "\n", number,
               due_ns, sent_ns);
}

void journal_released(struct journal *journal,
                      const struct journal_released *released)
{
    write_line(journal, "released %" PRIu64 " %" PRId64 " %d %d\n",
               released->number, released->told_ns, (int)released->error,
               released->is_freed);
}

void journal_flush(struct journal *journal)
{
    size_t done = 0;

    while (done < journal->used_bytes) {
        ssize_t written = write(journal->fd, journal->bytes + done,
                                journal->used_bytes - done);

        if (written < 0 && errno != EINTR)
            abort();
        if (written > 0)
            done += (size_t)written;
    }
    journal->used_bytes = 0;
}
