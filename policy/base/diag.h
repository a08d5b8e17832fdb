/*
 * What is wrong with an input that people wrote, and where: messages with
 * file, line, column, the line itself and a caret. They are collected, so that
 * one run shows all mistakes.
 * Threads: one at a time.
 */
#ifndef POLICY_BASE_DIAG_H
#define POLICY_BASE_DIAG_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdio.h>

/* From bad to good. */
enum diag_severity {
    DIAG_ERROR,
    DIAG_WARNING,
    DIAG_NOTE, /* nothing is wrong, but one should know */
};

/* A place in a text. Unknown parts are 0 or empty. Columns count bytes. */
struct place {
    struct str file;
    unsigned line;   /* 1 .. */
    unsigned column; /* 1 .. */
    unsigned width;  /* bytes to underline; 0 is shown as 1 */
    struct str text; /* that whole line, without its end */
};

struct diag {
    enum diag_severity severity;
    struct place place;
    struct str message; /* one sentence, no full stop, no newline */
    struct diag *next;
};

/* Owns copies of all that was added. At most DIAGS_MAX are kept. */
struct diags {
    struct arena arena;
    struct diag *first, *last;
    unsigned error_count, warning_count, note_count; /* also those not kept */
    enum diag_severity least; /* nobody reads what is less: it is dropped, and
                                 need not be found; at first DIAG_WARNING */
};

#define DIAGS_MAX 100

void diags_init(struct diags *diags);
void diags_fini(struct diags *diags);

/* Adds a message; copies the place. */
void diags_add(struct diags *diags, enum diag_severity severity,
               struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "error", ... */
const char *diag_severity_text(enum diag_severity severity);

/*
 * Prints all, in the order added, as compilers do:
 *   FILE:LINE:COLUMN: error: MESSAGE
 *       the line
 *          ^~~~
 * colour: with ANSI colours.
 */
void diags_print(const struct diags *diags, FILE *out, bool colour);

#endif
