/*
 * docs/config.md, written from the schema.
 * Threads: any, over its own stream.
 */
#ifndef CONFIG_DOC_H
#define CONFIG_DOC_H

#include <stdio.h>

/* The whole page, in Markdown. */
void doc_write(FILE *out);

#endif
