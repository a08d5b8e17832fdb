#include "policy/rule/index.h"

#include "policy/rule/index_choice.h"
#include "policy/rule/test_names.h"

/* Numbers of rules that become more while the index is built. */
struct posting {
    uint32_t *rules;
    uint32_t count, capacity;
};

/* The beginnings of one length that are looked up. Most paths end in a few
 * bytes such as '/', so those tell cheaply where there is nothing to find. */
struct beginnings {
    uint32_t len;           /* > 0 */
    uint64_t last_bytes[4]; /* a set of 256 */
};

/* An attribute, or a key of a map, that some rules are looked up by. */
struct site {
    uint32_t attribute;
    struct str key; /* data == NULL: the attribute itself */
    bool has_equal; /* is looked up as a whole */
    struct beginnings *beginnings;
    uint32_t beginning_count, beginning_capacity;
    struct posting without;     /* rules to be asked if it is absent */
    struct posting without_key; /* ... if only the key is */
};

struct rule_index {
    struct arena *arena;
    struct test_names names;
    struct site *sites; /* by number */
    uint32_t site_capacity;
    struct posting *rules_of_test;
    uint32_t test_capacity;
    struct posting always;
    uint32_t runs_max;
};

/* ---- building ---------------------------------------------------------- */

#define CAPACITY_FIRST 4

/* An array with room for an element more; what is new is zero. */
static void *with_room(struct arena *arena, void *array, uint32_t count,
                       uint32_t *capacity, size_t size)
{
    void *larger;

    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? CAPACITY_FIRST : 2 * *capacity;
    larger = arena_calloc(arena, *capacity, size);
    if (count > 0)
        memcpy(larger, array, count * size);
    return larger;
}

static void post(struct rule_index *index, struct posting *posting,
                 uint32_t rule)
{
    posting->rules = with_room(index->arena, posting->rules, posting->count,
                               &posting->capacity, sizeof(posting->rules[0]));
    posting->rules[posting->count++] = rule;
}

static uint32_t add_site(struct rule_index *index, const struct necessary *test)
{
    uint32_t count = index->names.sites.count;
    uint32_t site = test_names_site(&index->names, test);

    if (site < count)
        return site;
    index->sites = with_room(index->arena, index->sites, count,
                             &index->site_capacity, sizeof(index->sites[0]));
    index->sites[site].attribute = test->attribute;
    index->sites[site].key = test->key;
    return site;
}

static struct beginnings *find_beginnings(const struct site *site, uint32_t len)
{
    for (uint32_t i = 0; i < site->beginning_count; i++)
        if (site->beginnings[i].len == len)
            return &site->beginnings[i];
    return NULL;
}

static void add_beginning(struct rule_index *index, struct site *site,
                          struct str literal)
{
    uint8_t last = (uint8_t)literal.data[literal.len - 1];
    struct beginnings *same = find_beginnings(site, (uint32_t)literal.len);

    if (!same) {
        site->beginnings =
            with_room(index->arena, site->beginnings, site->beginning_count,
                      &site->beginning_capacity, sizeof(site->beginnings[0]));
        same = &site->beginnings[site->beginning_count++];
        same->len = (uint32_t)literal.len;
    }
    same->last_bytes[last / 64] |= UINT64_C(1) << last % 64;
}

/* How the value of a site must be looked up to find the test. */
static void add_look_up(struct rule_index *index, struct site *site,
                        const struct necessary *test)
{
    switch (test->kind) {
    case NECESSARY_EQUAL:
        site->has_equal = true;
        break;
    case NECESSARY_PREFIX:
        add_beginning(index, site, test->literal);
        break;
    }
}

static struct posting *add_test(struct rule_index *index,
                                const struct necessary *test)
{
    uint32_t count = index->names.tests.count;
    uint32_t number = test_names_test(&index->names, test);

    if (number == count)
        index->rules_of_test =
            with_room(index->arena, index->rules_of_test, count,
                      &index->test_capacity, sizeof(index->rules_of_test[0]));
    return &index->rules_of_test[number];
}

static void add_rule(struct rule_index *index, uint32_t rule,
                     const struct necessary *test)
{
    uint32_t number;
    struct site *site;

    if (!test) {
        post(index, &index->always, rule);
        return;
    }
    number = add_site(index, test); /* may move the sites */
    site = &index->sites[number];
    add_look_up(index, site, test);
    post(index, add_test(index, test), rule);
    if (test->is_open_without)
        post(index, &site->without, rule);
    if (test->is_open_without_key)
        post(index, &site->without_key, rule);
}

static uint32_t count_runs(const struct rule_index *index)
{
    uint32_t count = 1; /* those that are always asked */

    for (uint32_t i = 0; i < index->names.sites.count; i++)
        count += 1 + index->sites[i].beginning_count;
    return count;
}

const struct rule_index *rule_index_build(const struct rule *rules,
                                          struct rule_numbers numbers,
                                          bool uses_tests, struct arena *arena)
{
    struct rule_index *index = arena_calloc(arena, 1, sizeof(*index));
    const struct necessary **chosen = NULL;
    struct arena scratch;

    arena_init(&scratch, 0);
    index->arena = arena;
    test_names_init(&index->names, arena);
    if (uses_tests)
        chosen = index_choose(rules, numbers.items, numbers.count, &scratch);
    for (uint32_t i = 0; i < numbers.count; i++)
        add_rule(index, numbers.items[i], uses_tests ? chosen[i] : NULL);
    index->runs_max = count_runs(index);
    arena_fini(&scratch);
    return index;
}

/* ---- finding ----------------------------------------------------------- */

uint32_t rule_index_runs_max(const struct rule_index *index)
{
    return index->runs_max;
}

static void add_run(struct candidates *candidates,
                    const struct posting *posting)
{
    if (posting->count > 0)
        candidates->runs[candidates->run_count++] =
            (struct rule_numbers){ posting->rules, posting->count };
}

static void find_test(const struct rule_index *index, uint32_t site,
                      enum necessary_kind kind, struct str literal,
                      struct candidates *candidates)
{
    uint32_t number = test_names_find(&index->names, site, kind, literal);

    if (number != INTERN_NONE)
        add_run(candidates, &index->rules_of_test[number]);
}

static bool can_begin(const struct beginnings *beginnings, struct str beginning)
{
    uint8_t last = (uint8_t)beginning.data[beginning.len - 1];

    return beginnings->last_bytes[last / 64] >> last % 64 & 1;
}

static void find_value(const struct rule_index *index, uint32_t number,
                       struct str value, struct candidates *candidates)
{
    const struct site *site = &index->sites[number];

    if (site->has_equal)
        find_test(index, number, NECESSARY_EQUAL, value, candidates);
    for (uint32_t i = 0; i < site->beginning_count; i++) {
        struct str beginning = { value.data, site->beginnings[i].len };

        if (beginning.len <= value.len &&
            can_begin(&site->beginnings[i], beginning))
            find_test(index, number, NECESSARY_PREFIX, beginning, candidates);
    }
}

static void find_attribute(const struct rule_index *index, uint32_t number,
                           struct bag *bag, struct candidates *candidates)
{
    const struct site *site = &index->sites[number];
    const struct value *value = bag_get(bag, site->attribute);

    if (!value)
        add_run(candidates, &site->without);
    else if (value->type == VALUE_INT64)
        find_value(
            index, number,
            (struct str){ (const char *)&value->int64, sizeof(value->int64) },
            candidates);
    else
        find_value(index, number, value->string, candidates);
}

static void find_key(const struct rule_index *index, uint32_t number,
                     struct bag *bag, struct candidates *candidates)
{
    const struct site *site = &index->sites[number];
    struct str value;

    switch (bag_get_key(bag, site->attribute, site->key, &value)) {
    case BAG_NO_MAP:
        add_run(candidates, &site->without);
        break;
    case BAG_NO_KEY:
        add_run(candidates, &site->without_key);
        break;
    case BAG_KEY:
        find_value(index, number, value, candidates);
        break;
    }
}

void rule_index_find(const struct rule_index *index, struct bag *bag,
                     struct candidates *candidates)
{
    add_run(candidates, &index->always);
    for (uint32_t i = 0; i < index->names.sites.count; i++) {
        if (index->sites[i].key.data)
            find_key(index, i, bag, candidates);
        else
            find_attribute(index, i, bag, candidates);
    }
}

uint32_t candidates_next(struct candidates *candidates)
{
    struct rule_numbers *lowest = NULL;
    uint32_t rule;

    for (uint32_t i = 0; i < candidates->run_count; i++) {
        struct rule_numbers *run = &candidates->runs[i];

        if (run->count > 0 && (!lowest || run->items[0] < lowest->items[0]))
            lowest = run;
    }
    if (!lowest)
        return RULE_NONE;
    rule = lowest->items[0];
    lowest->items++;
    lowest->count--;
    return rule;
}
