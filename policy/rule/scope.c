#include "policy/rule/scope.h"

#include "policy/base/intern.h"

struct scopes {
    const struct rule_index *common; /* rules without a namespace */
    struct intern namespaces;
    const struct rule_index **indices; /* by namespace */
    /* Attributes; only if there are namespaces. */
    uint32_t reporter_kind, destination, source;
};

/* ---- building ---------------------------------------------------------- */

/* The rules of one scope, while they are collected. */
struct members {
    uint32_t *rules;
    uint32_t count;
};

static struct rule_numbers numbers_of(const struct members *members)
{
    return (struct rule_numbers){ members->rules, members->count };
}

/* scope of the rules without a namespace: 0; of namespace n: n + 1. */
static uint32_t scope_of(struct intern *namespaces, const struct rule *rule)
{
    return rule->namespace.data ? intern_add(namespaces, 0, rule->namespace) + 1
                                : 0;
}

static struct members *collect(struct scopes *scopes,
                               const struct ruleset *ruleset,
                               struct arena *scratch)
{
    uint32_t count = ruleset->rule_count;
    uint32_t *scope = arena_calloc(scratch, count, sizeof(*scope));
    uint32_t *next = arena_calloc(scratch, count, sizeof(*next));
    struct members *members;

    for (uint32_t i = 0; i < count; i++)
        scope[i] = scope_of(&scopes->namespaces, &ruleset->rules[i]);
    members =
        arena_calloc(scratch, scopes->namespaces.count + 1, sizeof(*members));
    for (uint32_t i = 0; i < count; i++)
        members[scope[i]].count++;
    for (uint32_t i = 0; i <= scopes->namespaces.count; i++) {
        members[i].rules = next;
        next += members[i].count;
        members[i].count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct members *own = &members[scope[i]];

        own->rules[own->count++] = i;
    }
    return members;
}

void scopes_build(struct ruleset *ruleset, bool uses_tests,
                  struct vocabulary *vocabulary, struct arena *arena)
{
    struct scopes *scopes = arena_calloc(arena, 1, sizeof(*scopes));
    struct members *members;
    struct arena scratch;

    arena_init(&scratch, 0);
    intern_init(&scopes->namespaces, arena);
    members = collect(scopes, ruleset, &scratch);
    scopes->common = rule_index_build(ruleset->rules, numbers_of(&members[0]),
                                      uses_tests, arena);
    scopes->indices = arena_calloc(arena, scopes->namespaces.count,
                                   sizeof(scopes->indices[0]));
    for (uint32_t i = 0; i < scopes->namespaces.count; i++)
        scopes->indices[i] = rule_index_build(
            ruleset->rules, numbers_of(&members[i + 1]), uses_tests, arena);
    if (scopes->namespaces.count > 0) {
        scopes->reporter_kind =
            vocabulary_use(vocabulary, STR("context.reporter.kind"));
        scopes->destination =
            vocabulary_use(vocabulary, STR("destination.namespace"));
        scopes->source = vocabulary_use(vocabulary, STR("source.namespace"));
    }
    ruleset->scopes = scopes;
    arena_fini(&scratch);
}

/* ---- finding ----------------------------------------------------------- */

/* NULL if the request has none. */
static const struct value *namespace_of(const struct scopes *scopes,
                                        struct bag *bag)
{
    const struct value *kind = bag_get(bag, scopes->reporter_kind);

    if (!kind || str_eq(kind->string, STR("inbound")))
        return bag_get(bag, scopes->destination);
    if (str_eq(kind->string, STR("outbound")))
        return bag_get(bag, scopes->source);
    return NULL;
}

/* The rules of the request's namespace; NULL if there are none. */
static const struct rule_index *own_index(const struct scopes *scopes,
                                          struct bag *bag)
{
    const struct value *namespace;
    uint32_t number;

    if (scopes->namespaces.count == 0)
        return NULL;
    namespace = namespace_of(scopes, bag);
    if (!namespace)
        return NULL;
    number = intern_find(&scopes->namespaces, 0, namespace->string);
    return number == INTERN_NONE ? NULL : scopes->indices[number];
}

bool scopes_hold(const struct scopes *scopes, struct bag *bag,
                 const struct rule *rule)
{
    const struct value *namespace;

    if (!rule->namespace.data)
        return true;
    namespace = namespace_of(scopes, bag);
    return namespace && str_eq(namespace->string, rule->namespace);
}

bool scopes_find(const struct scopes *scopes, struct bag *bag,
                 struct candidates *candidates)
{
    const struct rule_index *own = own_index(scopes, bag);
    uint32_t runs_max = rule_index_runs_max(scopes->common);

    if (own)
        runs_max += rule_index_runs_max(own);
    *candidates = (struct candidates){
        .runs = arena_alloc(bag->arena, runs_max * sizeof(struct rule_numbers)),
    };
    if (!candidates->runs)
        return false;
    rule_index_find(scopes->common, bag, candidates);
    if (own)
        rule_index_find(own, bag, candidates);
    return true;
}
