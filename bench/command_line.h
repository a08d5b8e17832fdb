/*
 * The command line of a program of the benchmark: options of the long form,
 * which a table lists with where their values go, and --help (or -h), which
 * prints that table.
 * Threads: one at a time.
 */
#ifndef BENCH_COMMAND_LINE_H
#define BENCH_COMMAND_LINE_H

#include "config/quantity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* bool; it has no argument */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_COUNT,  /* uint32_t */
    OPTION_SPAN,   /* int64_t, ns; written with its unit */
    OPTION_PARSED, /* whatever `parse` makes of it */
};

struct command_option {
    const char *name, *argument, *help; /* argument: as help calls it */
    enum option_kind kind;
    size_t offset;       /* in the program's struct */
    int64_t least, most; /* a number */
    /* Why not, to complete "the value ...", or NULL. `into`: that struct. */
    const char *(*parse)(void *into, const char *text);
};

/* Where a value goes; a member of another type does not compile. */
#define INTO_FLAG(type, member)                                                \
    .kind = OPTION_FLAG, .offset = OFFSET_OF(type, member, bool)
#define INTO_TEXT(type, member)                                                \
    .kind = OPTION_TEXT, .offset = OFFSET_OF(type, member, const char *)
#define INTO_COUNT(type, member, from, to)                                     \
    .kind = OPTION_COUNT, .offset = OFFSET_OF(type, member, uint32_t),         \
    .least = (from), .most = (to)
#define INTO_SPAN(type, member, from, to)                                      \
    .kind = OPTION_SPAN, .offset = OFFSET_OF(type, member, int64_t),           \
    .least = (from), .most = (to)
#define INTO_PARSED(function) .kind = OPTION_PARSED, .parse = (function)

#define OFFSET_OF(type, member, of)                                            \
    (offsetof(type, member) +                                                  \
     0 * sizeof(_Generic(((type *)NULL)->member, of : 0)))

struct command_line {
    const char *program;
    const char *usage;                    /* what follows its name */
    const char *purpose;                  /* a sentence */
    const struct command_option *options; /* the last one has no name */
};

enum command_line_result {
    COMMAND_LINE_READ,
    COMMAND_LINE_HELP, /* is asked for; nothing after that was read */
    COMMAND_LINE_WRONG,
};

/* Errors go to standard error, the first one only. */
enum command_line_result command_line_read(const struct command_line *line,
                                           int argc, char **argv, void *into);

void command_line_print_help(const struct command_line *line);

/* One error of several options together. */
void command_line_refuse(const struct command_line *line, const char *why);

/* As `parse`: of a number that is in that range. */
const char *command_line_number(const char *text, enum quantity quantity,
                                int64_t least, int64_t most, int64_t *number);

#endif
