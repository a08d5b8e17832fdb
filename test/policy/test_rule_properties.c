/*
 * What holds for any rules and any request. Random, but always the same.
 *   - An index changes no decision, and no event.
 *   - A decision depends on nothing that was not recorded.
 *   - Rules of which at most one matches may stand in any order.
 */
#include "test/support/table.h"

#include "policy/check/check.h"
#include "policy/rule/scope.h"

#include <stdio.h>

#define RULES 24
#define SECOND_NS INT64_C(1000000000)

/* ---- chance ------------------------------------------------------------ */

/* Source: Vigna, splitmix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t pick(uint64_t *state, uint32_t count)
{
    return (uint32_t)(next_random(state) % count);
}

#define PICK(state, array) ((array)[pick((state), ROWS(array))])

/* ---- rules ------------------------------------------------------------- */

static const char *const atoms[] = {
    "source.user == 'a'",
    "'b' == source.user",
    "source.user | 'a' == 'a'",
    "source.user | '' == 'b'",
    "source.user | source.name | '' == 'a'",
    "source.user != 'a'",
    "source.name == source.user",
    "request.headers['h'] == 'a'",
    "request.headers['h'] == ''",
    "request.headers['h'] | '' == 'b'",
    "request.headers['k'] | 'a' == 'a'",
    "request.headers['k'].startsWith('a')",
    "request.headers[source.user] == 'a'",
    "request.path.startsWith('/a')",
    "request.path.startsWith('/a/b')",
    "(request.path | '').startsWith('/b')",
    "(request.path | '/a').startsWith('/a')",
    "match(request.path, '/a*')",
    "match(request.path | '', '*b')",
    "request.path == '/a/b'",
    "request.size == 1",
    "request.size | 0 == 0",
    "request.size > 1",
    "request.size + 1 == 2",
    "true",
};

/* "(atom || atom) && atom" and the like. */
static void write_match(uint64_t *state, char *out, size_t size)
{
    uint32_t terms = 1 + pick(state, 3);
    size_t len = 0;

    for (uint32_t i = 0; i < terms; i++) {
        const char *joint = i == 0 ? "" : " && ";

        if (pick(state, 4) == 0)
            len +=
                (size_t)snprintf(out + len, size - len, "%s(%s || %s)", joint,
                                 PICK(state, atoms), PICK(state, atoms));
        else
            len += (size_t)snprintf(out + len, size - len, "%s(%s)", joint,
                                    PICK(state, atoms));
        assert_true(len < size);
    }
}

struct fixture {
    struct arena arena;
    struct vocabulary *vocabulary;
    struct rule rules[RULES];
    struct ruleset indexed, plain; /* of the same rules */
    struct quota_spec quota;
    struct quota_use use;
    struct denial denials[RULES];
    struct window window;
    struct header_rule header;
};

static const struct code *compile(struct fixture *f, const char *text)
{
    struct expr_error error;
    const struct code *code = code_compile(str_of(text), VALUE_NONE,
                                           f->vocabulary, &f->arena, &error);

    if (!code)
        row_fail(text, "%s", error.message);
    return code;
}

static void make_rule(struct fixture *f, uint64_t *state, uint32_t i)
{
    static const struct str namespaces[] = {
        { NULL, 0 }, { NULL, 0 }, STR_INIT("one"), STR_INIT("two")
    };
    struct rule *rule = &f->rules[i];
    char match[400];

    write_match(state, match, sizeof(match));
    f->denials[i] = (struct denial){ .code = STATUS_PERMISSION_DENIED + i % 2,
                                     .message = STR("no") };
    *rule = (struct rule){
        .name = arena_printf(&f->arena, "r%u", i),
        .namespace = PICK(state, namespaces),
        .match = compile(f, match),
        .active = pick(state, 6) == 0 ? &f->window : NULL,
        .on_error = (enum on_error)pick(state, 3),
        .enforcement = { .mode =
                             pick(state, 6) == 0 ? MODE_SHADOW : MODE_ENFORCE },
        .valid_for_ns = pick(state, 3) == 0
                            ? (int64_t)pick(state, 60) * SECOND_NS
                            : VALIDITY_NOT_GIVEN,
        .valid_uses = VALIDITY_NOT_GIVEN,
    };
    switch (pick(state, 5)) {
    case 0:
        rule->allows = true;
        break;
    case 1:
        rule->quotas = &f->use;
        rule->quota_count = 1;
        break;
    case 2:
        rule->request_headers = (struct header_rules){ &f->header, 1 };
        break;
    default:
        rule->deny = &f->denials[i];
        break;
    }
}

static void index_rules(struct fixture *f)
{
    f->indexed = (struct ruleset){
        .rules = f->rules,
        .rule_count = RULES,
        .quotas = &f->quota,
        .quota_count = 1,
        .valid_for_ns = 60 * SECOND_NS,
        .valid_uses = 10000,
    };
    f->plain = f->indexed;
    scopes_build(&f->indexed, true, f->vocabulary, &f->arena);
    scopes_build(&f->plain, false, f->vocabulary, &f->arena);
}

static void setup(struct fixture *f)
{
    *f = (struct fixture){ .vocabulary = vocabulary_new() };
    arena_init(&f->arena, 0);
    f->quota = (struct quota_spec){ .name = STR("q"), .identity = STR("q") };
    f->window = (struct window){ 10 * SECOND_NS, 20 * SECOND_NS };
    f->header = (struct header_rule){ .name = STR("x"),
                                      .value = compile(f, "request.path") };
}

static void teardown(struct fixture *f)
{
    arena_fini(&f->arena);
    vocabulary_free(f->vocabulary);
}

/* ---- requests ---------------------------------------------------------- */

static struct value random_value(uint64_t *state, enum value_type type,
                                 struct arena *arena)
{
    static const char *const texts[] = { "a",    "b",       "",        "/a",
                                         "/a/b", "/b",      "/a/bc",   "one",
                                         "two",  "inbound", "outbound" };
    struct value value = { .type = type };

    if (type == VALUE_INT64) {
        value.int64 = pick(state, 4);
    } else if (type == VALUE_STRING_MAP) {
        static const char *const keys[] = { "h", "k", "a", "b" };
        struct string_map *map = arena_calloc(arena, 1, sizeof(*map));
        struct string_pair *pairs =
            arena_calloc(arena, ROWS(keys), sizeof(*pairs));

        for (size_t i = 0; i < ROWS(keys); i++)
            if (pick(state, 2) == 0)
                pairs[map->count++] =
                    (struct string_pair){ str_of(keys[i]),
                                          str_of(PICK(state, texts)) };
        map->pairs = pairs;
        value.map = map;
    } else {
        assert_int_equal(type, VALUE_STRING);
        value.string = str_of(PICK(state, texts));
    }
    return value;
}

static void fill_bag(struct fixture *f, uint64_t *state, struct bag *bag)
{
    assert_true(bag_init(bag, f->vocabulary, &f->arena));
    for (uint32_t id = 0; id < vocabulary_count(f->vocabulary); id++)
        if (pick(state, 10) < 7)
            bag_set(bag, id,
                    random_value(state, vocabulary_id_type(f->vocabulary, id),
                                 &f->arena));
}

static void run(struct check *check, const struct ruleset *ruleset,
                struct bag *bag, int64_t wall_ns)
{
    struct check_input input = { .bag = bag, .wall_ns = wall_ns };

    check_run(check, ruleset, &input);
}

static void verdicts_agree(const char *why, const struct check *a,
                           const struct check *b)
{
    row_equal_i64(why, a->code, b->code);
    row_equal_str(why, a->message, b->message);
    row_equal_i64(why, a->valid_for_ns, b->valid_for_ns);
    row_equal_i64(why, a->valid_uses, b->valid_uses);
    row_equal_i64(why, a->request_count, b->request_count);
    row_equal_i64(why, a->request_headers.count, b->request_headers.count);
    for (uint32_t i = 0; i < a->request_headers.count; i++)
        row_equal_str(why, a->request_headers.items[i].value,
                      b->request_headers.items[i].value);
}

/* ---- an index changes no decision -------------------------------------- */

static void events_agree(const struct check *a, const struct check *b)
{
    row_equal_i64("events", a->event_count, b->event_count);
    for (uint32_t i = 0; i < a->event_count; i++) {
        row_equal_i64("rule", a->events[i].rule, b->events[i].rule);
        row_equal_i64("outcome", a->events[i].outcome, b->events[i].outcome);
        row_equal_i64("shadow", a->events[i].is_shadow, b->events[i].is_shadow);
    }
}

static void an_index_changes_no_decision(void **state)
{
    uint64_t chance = 1;
    uint32_t saved = 0;

    (void)state;
    for (int set = 0; set < 300; set++) {
        struct fixture f;

        setup(&f);
        for (uint32_t i = 0; i < RULES; i++)
            make_rule(&f, &chance, i);
        index_rules(&f);
        for (int request = 0; request < 30; request++) {
            int64_t wall_ns = (int64_t)pick(&chance, 30) * SECOND_NS;
            struct check with, without;
            struct candidates candidates;
            struct bag bag;

            fill_bag(&f, &chance, &bag);
            run(&with, &f.indexed, &bag, wall_ns);
            run(&without, &f.plain, &bag, wall_ns);
            verdicts_agree("with and without index", &with, &without);
            events_agree(&with, &without);
            scopes_find(f.indexed.scopes, &bag, &candidates);
            saved += RULES;
            while (candidates_next(&candidates) != RULE_NONE)
                saved--;
        }
        teardown(&f);
    }
    row_true("most rules were left out", saved > 300 * 30 * RULES / 2);
}

/* ---- nothing is read that is not recorded ------------------------------ */

static const struct ref *find_ref(const struct refs *refs, uint32_t attribute,
                                  struct str key)
{
    for (uint32_t i = 0; i < refs->count; i++)
        if (refs->items[i].attribute == attribute &&
            (!key.data ||
             (refs->items[i].key.data && str_eq(refs->items[i].key, key))))
            return &refs->items[i];
    return NULL;
}

/* Another map that has the same at all keys that were recorded. */
static struct value other_map(struct fixture *f, uint64_t *state,
                              const struct value *old, const struct refs *refs,
                              uint32_t attribute)
{
    struct value fresh = random_value(state, VALUE_STRING_MAP, &f->arena);
    uint32_t most = old->map->count + fresh.map->count;
    struct string_map *map = arena_calloc(&f->arena, 1, sizeof(*map));
    struct string_pair *pairs = arena_calloc(&f->arena, most, sizeof(*pairs));

    for (uint32_t i = 0; i < old->map->count; i++)
        if (find_ref(refs, attribute, old->map->pairs[i].key))
            pairs[map->count++] = old->map->pairs[i];
    for (uint32_t i = 0; i < fresh.map->count; i++)
        if (!find_ref(refs, attribute, fresh.map->pairs[i].key))
            pairs[map->count++] = fresh.map->pairs[i];
    map->pairs = pairs;
    return (struct value){ VALUE_STRING_MAP, .map = map };
}

/* Changes whatever was not recorded. */
static void change_bag(struct fixture *f, uint64_t *state, struct bag *bag,
                       const struct refs *refs)
{
    struct value *old = bag->values;
    struct bag changed;

    fill_bag(f, state, &changed);
    for (uint32_t id = 0; id < vocabulary_count(f->vocabulary); id++) {
        if (!find_ref(refs, id, (struct str){ 0 }))
            continue;
        if (old[id].type == VALUE_STRING_MAP)
            changed.values[id] = other_map(f, state, &old[id], refs, id);
        else
            changed.values[id] = old[id];
    }
    *bag = changed;
}

static void a_decision_depends_on_what_is_recorded(void **state)
{
    uint64_t chance = 2;

    (void)state;
    for (int set = 0; set < 300; set++) {
        struct fixture f;

        setup(&f);
        for (uint32_t i = 0; i < RULES; i++)
            make_rule(&f, &chance, i);
        index_rules(&f);
        for (int request = 0; request < 30; request++) {
            const struct ruleset *ruleset =
                request % 2 == 0 ? &f.indexed : &f.plain;
            struct check before, after;
            struct bag bag;

            fill_bag(&f, &chance, &bag);
            run(&before, ruleset, &bag, 15 * SECOND_NS);
            for (uint32_t i = 0; i < before.refs.count; i++)
                if (!before.refs.items[i].key.data)
                    row_equal_i64(
                        "is recorded as it is", before.refs.items[i].present,
                        bag.values[before.refs.items[i].attribute].type !=
                            VALUE_NONE);
            change_bag(&f, &chance, &bag, &before.refs);
            run(&after, ruleset, &bag, 15 * SECOND_NS);
            verdicts_agree("what is not recorded has changed", &before, &after);
        }
        teardown(&f);
    }
}

/* ---- order ------------------------------------------------------------- */

/* A rule for one path, so that of RULES rules at most one matches. */
static void make_exclusive_rule(struct fixture *f, uint64_t *state, uint32_t i)
{
    struct rule *rule = &f->rules[i];
    char inner[400], match[500];

    make_rule(f, state, i);
    write_match(state, inner, sizeof(inner));
    snprintf(match, sizeof(match), "request.path | '' == '/%u' && %s", i,
             inner);
    rule->match = compile(f, match);
}

static void shuffle(uint64_t *state, struct rule *rules)
{
    for (uint32_t i = RULES - 1; i > 0; i--) {
        uint32_t j = pick(state, i + 1);
        struct rule rule = rules[i];

        rules[i] = rules[j];
        rules[j] = rule;
    }
}

static void rules_that_exclude_each_other_have_no_order(void **state)
{
    uint64_t chance = 3;

    (void)state;
    for (int set = 0; set < 100; set++) {
        struct ruleset original;
        struct rule rules[RULES];
        struct fixture f;

        setup(&f);
        for (uint32_t i = 0; i < RULES; i++)
            make_exclusive_rule(&f, &chance, i);
        memcpy(rules, f.rules, sizeof(rules));
        index_rules(&f);
        original = f.indexed;
        original.rules = rules;
        shuffle(&chance, f.rules);
        index_rules(&f);
        for (int request = 0; request < 30; request++) {
            struct check before, after;
            struct bag bag;

            fill_bag(&f, &chance, &bag);
            bag_set(&bag, vocabulary_id(f.vocabulary, STR("request.path")),
                    (struct value){
                        VALUE_STRING,
                        .string = arena_printf(&f.arena, "/%u",
                                               pick(&chance, RULES + 2)) });
            run(&before, &original, &bag, 15 * SECOND_NS);
            run(&after, &f.indexed, &bag, 15 * SECOND_NS);
            verdicts_agree("another order", &before, &after);
        }
        teardown(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_changes_no_decision),
        cmocka_unit_test(a_decision_depends_on_what_is_recorded),
        cmocka_unit_test(rules_that_exclude_each_other_have_no_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
