/*
 * Compiled expressions against the walk over their tree, with random ones;
 * test/fuzz/fuzz_expr_eval.c goes on where this ends.
 */
#include "test/support/table.h"

#include "test/policy/expr_compare.h"

#define EXPRESSION_COUNT 200000
#define CHOICES_MIN 150
#define CHOICES_MAX 600

/* xorshift64* by Vigna: any fixed sequence will do. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static void test_random_expressions(void **state)
{
    uint64_t random = 1;
    struct arena arena = { 0 };

    (void)state;
    for (unsigned i = 0; i < EXPRESSION_COUNT; i++) {
        size_t count =
            CHOICES_MIN + next_random(&random) % (CHOICES_MAX - CHOICES_MIN);
        uint8_t bytes[CHOICES_MAX];
        const char *difference;

        for (size_t n = 0; n < count; n++)
            bytes[n] = (uint8_t)(next_random(&random) >> 56);
        difference = expr_compare(bytes, count, &arena);
        if (difference)
            row_fail("random", "expression %u: %s", i, difference);
        arena_clear(&arena);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_expressions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
