#include "config/json_input.h"

#include <errno.h>
#include <stdio.h>

static bool is_json(const char *argument)
{
    argument += strspn(argument, " \t\r\n");
    return *argument == '{' || *argument == '[';
}

static json_t *read_file(const char *path, json_error_t *error)
{
    FILE *file = fopen(path, "re");
    json_t *json;

    if (!file) {
        *error = (json_error_t){ 0 };
        return NULL;
    }
    json = json_loadf(file, JSON_INPUT_FLAGS, error);
    fclose(file);
    return json;
}

json_t *json_input_read(const char *argument, struct arena *arena,
                        struct str *why)
{
    const char *name = "standard input";
    json_error_t error;
    json_t *json;

    if (is_json(argument)) {
        name = "the JSON given";
        json = json_loads(argument, JSON_INPUT_FLAGS, &error);
    } else if (strcmp(argument, "-") == 0) {
        json = json_loadf(stdin, JSON_INPUT_FLAGS, &error);
    } else {
        name = argument;
        json = read_file(argument, &error);
    }
    if (json)
        return json;
    *why = error.line > 0
               ? arena_printf(arena, "%s:%d:%d: %s", name, error.line,
                              error.column, error.text)
               : arena_printf(arena, "cannot read %s: %s", name,
                              error.text[0] ? error.text : strerror(errno));
    return NULL;
}
