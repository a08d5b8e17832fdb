/*
 * An explanation for people, made of its JSON: so what a server says of a live
 * request reads as what the program says of a file. What the JSON lacks is
 * left out.
 * Threads: any.
 */
#ifndef CONFIG_EXPLAIN_TEXT_H
#define CONFIG_EXPLAIN_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* The verdict, then rules and quotas. explanation: config/explain_json.h, or
 * any other JSON. */
void explain_text_print(FILE *out, const json_t *explanation);

/* The same without the verdict. */
void explain_text_print_reasons(FILE *out, const json_t *explanation);

#endif
