#include "policy/rule/index_choice.h"

#include "policy/rule/test_names.h"

#define FEW_RULES 8

/* What the rules have in common. */
struct census {
    struct test_names names;
    uint32_t *rules_with_test; /* by test */
    bool *is_read_anyway;      /* by site */
};

static bool is_usable(const struct rule *rule, const struct necessary *test)
{
    /* Where a rule does not match because it cannot be evaluated, that has
     * consequences, unless it is then skipped. */
    return test->is_certain || rule->on_error == ON_ERROR_SKIP;
}

static struct necessaries tests_of(const struct rule *rule)
{
    return rule->match ? code_necessaries(rule->match)
                       : (struct necessaries){ 0 };
}

static uint32_t sharing(struct census *census, const struct necessary *test)
{
    return census->rules_with_test[test_names_test(&census->names, test)];
}

static uint32_t count_tests(const struct rule *rules, const uint32_t *numbers,
                            uint32_t count)
{
    uint32_t tests = 0;

    for (uint32_t i = 0; i < count; i++)
        tests += tests_of(&rules[numbers[i]]).count;
    return tests;
}

/* Counts the rule among those of its tests. A site that it cannot do without is
 * read anyway. */
static void enter(struct census *census, const struct rule *rule)
{
    struct necessaries tests = tests_of(rule);
    const struct necessary *only = NULL;
    uint32_t usable = 0;

    for (uint32_t i = 0; i < tests.count; i++) {
        if (!is_usable(rule, &tests.items[i]))
            continue;
        census->rules_with_test[test_names_test(&census->names,
                                                &tests.items[i])]++;
        only = &tests.items[i];
        usable++;
    }
    if (usable == 1)
        census->is_read_anyway[test_names_site(&census->names, only)] = true;
}

/* The first that few share, or else the one that the fewest do. */
static const struct necessary *first_choice(struct census *census,
                                            const struct rule *rule)
{
    struct necessaries tests = tests_of(rule);
    const struct necessary *best = NULL;
    uint32_t fewest = UINT32_MAX;

    for (uint32_t i = 0; i < tests.count && fewest > FEW_RULES; i++) {
        const struct necessary *test = &tests.items[i];

        if (is_usable(rule, test) && sharing(census, test) < fewest) {
            best = test;
            fewest = sharing(census, test);
        }
    }
    return best;
}

static const struct necessary *choose(struct census *census,
                                      const struct rule *rule)
{
    struct necessaries tests = tests_of(rule);
    const struct necessary *best = first_choice(census, rule);

    for (uint32_t i = 0; i < tests.count; i++) {
        const struct necessary *test = &tests.items[i];

        if (is_usable(rule, test) &&
            census->is_read_anyway[test_names_site(&census->names, test)] &&
            sharing(census, test) < sharing(census, best))
            best = test;
    }
    return best;
}

const struct necessary **index_choose(const struct rule *rules,
                                      const uint32_t *numbers, uint32_t count,
                                      struct arena *arena)
{
    const struct necessary **chosen =
        arena_alloc(arena, count * sizeof(*chosen));
    uint32_t tests = count_tests(rules, numbers, count);
    struct census census;
    struct arena scratch;

    arena_init(&scratch, 0);
    test_names_init(&census.names, &scratch);
    census.rules_with_test =
        arena_calloc(&scratch, tests, sizeof(census.rules_with_test[0]));
    census.is_read_anyway =
        arena_calloc(&scratch, tests, sizeof(census.is_read_anyway[0]));
    for (uint32_t i = 0; i < count; i++)
        enter(&census, &rules[numbers[i]]);
    for (uint32_t i = 0; i < count; i++)
        chosen[i] = choose(&census, &rules[numbers[i]]);
    arena_fini(&scratch);
    return chosen;
}
