#include "test/support/table.h"

#include "quota/algo/admit.h"

static void a_charge_gets_all_a_part_or_nothing(void **state)
{
    static const struct {
        const char *why;
        int64_t left, amount;
        bool is_best_effort, is_shadow;
        int64_t granted;
        bool is_refused;
    } rows[] = {
        { "it fits", 5, 5, false, false, 5, false },
        { "it does not", 5, 6, false, false, 0, true },
        { "nothing is left", 0, 1, false, false, 0, true },
        { "a look fits always", 0, 0, false, false, 0, false },
        { "the best effort is all", 5, 5, true, false, 5, false },
        { "the best effort is a part", 5, 6, true, false, 5, false },
        { "the best effort is nothing", 0, 6, true, false, 0, true },
        { "in shadow it fits", 5, 5, false, true, 5, false },
        { "in shadow it does not", 5, 6, false, true, 5, true },
        { "in shadow nothing is left", 0, 6, false, true, 0, true },
        { "a part is no refusal, in shadow neither", 5, 6, true, true, 5,
          false },
        { "nothing is one", 0, 6, true, true, 0, true },
        { "absurdly much", INT64_MAX - 1, INT64_MAX, true, false, INT64_MAX - 1,
          false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct admission got = admit(rows[i].left, rows[i].amount,
                                     rows[i].is_best_effort, rows[i].is_shadow);

        row_equal_i64(rows[i].why, got.granted, rows[i].granted);
        row_equal_i64(rows[i].why, got.is_refused, rows[i].is_refused);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_charge_gets_all_a_part_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
