/*
 * Any bytes make an expression and attributes; compiled code must agree with
 * the walk over its tree and read only what it records.
 */
#include "test/policy/expr_compare.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    const char *difference = expr_compare(data, size, &arena);

    if (difference) {
        fprintf(stderr, "%s\n", difference);
        abort();
    }
    arena_fini(&arena);
    return 0;
}
