/*
 * A page of docs/ whose examples are run, and how it is taken apart.
 * Threads: one.
 */
#ifndef TEST_CONFIG_DOCUMENT_H
#define TEST_CONFIG_DOCUMENT_H

#include "policy/base/str.h"
#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the longest page has. */
#define DOCUMENT_BYTES_MAX ((size_t)1 << 20)

/* All of it; ->data is the caller's to free. */
static inline struct str read_document(const char *path)
{
    char *text = malloc(DOCUMENT_BYTES_MAX);
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(text);
    assert_non_null(file);
    len = fread(text, 1, DOCUMENT_BYTES_MAX, file);
    fclose(file);
    return (struct str){ text, len };
}

/* Takes the text up to `separator`, or the rest. */
static inline struct str take_until(struct str *text, struct str separator)
{
    const char *at =
        memmem(text->data, text->len, separator.data, separator.len);
    struct str taken = *text;

    if (at)
        taken.len = (size_t)(at - text->data);
    *text = str_skip(*text, at ? taken.len + separator.len : text->len);
    return taken;
}

#endif
