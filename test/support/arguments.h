/*
 * Arguments of a program, out of one text.
 * Threads: any.
 */
#ifndef TEST_SUPPORT_ARGUMENTS_H
#define TEST_SUPPORT_ARGUMENTS_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ARGUMENTS_MAX 16

struct arguments {
    char text[512];
    char *values[ARGUMENTS_MAX + 1]; /* after the last one NULL */
    int count;
};

/* What spaces divide; the program's name comes first. Stays where it is. */
static inline void arguments_init(struct arguments *arguments,
                                  const char *program, const char *words)
{
    char *rest = arguments->text, *word;
    int len = snprintf(rest, sizeof(arguments->text), "%s %s", program, words);

    assert(len >= 0 && (size_t)len < sizeof(arguments->text));
    arguments->count = 0;
    while ((word = strtok_r(rest, " ", &rest))) {
        assert(arguments->count < ARGUMENTS_MAX);
        arguments->values[arguments->count++] = word;
    }
    arguments->values[arguments->count] = NULL;
}

#endif
