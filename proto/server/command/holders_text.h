/*
 * What people are told of quotas, out of the JSON that programs get.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_HOLDERS_TEXT_H
#define PROTO_SERVER_COMMAND_HOLDERS_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* A text that came from callers: nothing in it moves the terminal. */
void print_plain(FILE *out, const char *text);

/* "  20 leases; of those that end first:", and a line each. object: with
 * "leases" and "holders". */
void print_holders(FILE *out, const json_t *object);

/* The array "refused" of /status; nothing if it is empty. */
void print_refused(FILE *out, const json_t *refused);

#endif
