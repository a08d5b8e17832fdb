/*
 * One line per event on standard error, key=value:
 *   time=2026-11-24T21:00:00.000Z level=info event=reload generation=2 ...
 * Written with one write, so lines of several processes do not mix. For the
 * rim only, and never once per request.
 * Threads: any.
 */
#ifndef POLICY_BASE_LOG_H
#define POLICY_BASE_LOG_H

#include "policy/base/str.h"

#include <stdio.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* Messages above this level are dropped. Default: LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Who writes: "master", "worker-0". Shown as process=. Copied. Call it before
 * the process has a second thread. */
void log_set_process(const char *name);

/*
 * `event` is one word, snake_case. `format` gives further "key=value" pairs,
 * separated by spaces; write free text as key="%s". Control characters in the
 * result are written as spaces, so that one event is one line.
 */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes `text` in quotes that nothing in it ends, for a pair of `format`; and
 * the most bytes that this takes, with a NUL. */
void log_put_quoted(FILE *out, struct str text);
#define LOG_QUOTED_SIZE(len) (2 * (len) + 3)

#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#endif
