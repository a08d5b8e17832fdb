/*
 * Rows of Mixer's own tables, test/data/mixer_*.jsonl: one JSON object a line.
 */
#ifndef TEST_SUPPORT_MIXER_ROWS_H
#define TEST_SUPPORT_MIXER_ROWS_H

#include "test/support/table.h"

#include <jansson.h>

#include <stdio.h>

static inline const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static inline int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Runs each row of that kind; there must be want_count of them. */
static inline void run_rows(const char *path, const char *kind,
                            void (*run)(const json_t *row), unsigned want_count)
{
    static char line[32 * 1024];
    FILE *file = fopen(path, "r");
    unsigned count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        json_t *row = json_loads(line, 0, NULL);

        assert_non_null(row);
        if (strcmp(text_of(row, "kind"), kind) == 0) {
            run(row);
            count++;
        }
        json_decref(row);
    }
    fclose(file);
    assert_int_equal(count, want_count);
}

#endif
