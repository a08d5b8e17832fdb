#include "policy/base/log.h"

#include "policy/base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 2048

static _Atomic int level_shown = LOG_LEVEL_INFO;
static char process_name[32];

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_shown, (int)level, memory_order_relaxed);
}

void log_set_process(const char *name)
{
    snprintf(process_name, sizeof(process_name), "%s", name);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "?";
}

/* The common head of a line. Returns its length. */
static size_t print_head(char *line, size_t size, enum log_level level,
                         const char *event)
{
    int64_t now = clock_wall_ns();
    time_t seconds = (time_t)(now / SECOND);
    struct tm utc;
    char time[32];
    int len;

    gmtime_r(&seconds, &utc);
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
    len = snprintf(line, size, "time=%s.%03dZ level=%s%s%s event=%s ", time,
                   (int)(now % SECOND / MILLISECOND), level_name(level),
                   process_name[0] ? " process=" : "", process_name, event);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_BYTES];
    size_t len, room;
    va_list arguments;
    int text;

    if ((int)level > atomic_load_explicit(&level_shown, memory_order_relaxed))
        return;
    len = print_head(line, sizeof(line), level, event);
    room = sizeof(line) - len - 1;
    va_start(arguments, format);
    text = vsnprintf(line + len, room, format, arguments);
    va_end(arguments);
    if (text > 0)
        len += (size_t)text < room ? (size_t)text : room - 1;
    /* One event is one line, whatever stands in a value. */
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = ' ';
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len++] = '\n';
    /* Nobody can be told that the log cannot be written. */
    if (write(STDERR_FILENO, line, len) < 0)
        return;
}

/* log_event sees to other control characters. */
void log_put_quoted(FILE *out, struct str text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            fputc('\\', out);
        fputc(text.data[i] != '\0' ? text.data[i] : ' ', out);
    }
    fputc('"', out);
}
