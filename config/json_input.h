/*
 * JSON that a command is given: in the argument itself, in a file that it
 * names, or on standard input.
 * Threads: main.
 */
#ifndef CONFIG_JSON_INPUT_H
#define CONFIG_JSON_INPUT_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <jansson.h>

/* How all JSON is read: strings may hold NUL, names may not come twice. */
#define JSON_INPUT_FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)

/* argument: "{...}", the path of a file, or "-". NULL if it is no JSON object
 * or array; *why, in `arena`, then says what is wrong and where. */
json_t *json_input_read(const char *argument, struct arena *arena,
                        struct str *why);

#endif
