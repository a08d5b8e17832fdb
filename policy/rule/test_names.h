/*
 * Numbers for what rules are looked up by: sites (an attribute, or a key of a
 * map) and tests of what is there (policy/expr/necessary.h).
 * Threads: one while they are given, then any (immutable).
 */
#ifndef POLICY_RULE_TEST_NAMES_H
#define POLICY_RULE_TEST_NAMES_H

#include "policy/base/intern.h"
#include "policy/expr/necessary.h"

#include <stdint.h>

struct test_names {
    struct intern sites, tests;
};

static inline void test_names_init(struct test_names *names,
                                   struct arena *arena)
{
    intern_init(&names->sites, arena);
    intern_init(&names->tests, arena);
}

static inline uint32_t test_names_tag(uint32_t site, enum necessary_kind kind)
{
    return 2 * site + (kind == NECESSARY_EQUAL ? 1 : 0);
}

/* The number of the test's site; a new one if it has none. */
static inline uint32_t test_names_site(struct test_names *names,
                                       const struct necessary *test)
{
    return intern_add(&names->sites,
                      2 * test->attribute + (test->key.data ? 1 : 0),
                      test->key);
}

/* The same for the test itself. */
static inline uint32_t test_names_test(struct test_names *names,
                                       const struct necessary *test)
{
    return intern_add(&names->tests,
                      test_names_tag(test_names_site(names, test), test->kind),
                      test->literal);
}

/* The number of that test, or INTERN_NONE. */
static inline uint32_t test_names_find(const struct test_names *names,
                                       uint32_t site, enum necessary_kind kind,
                                       struct str literal)
{
    return intern_find(&names->tests, test_names_tag(site, kind), literal);
}

#endif
