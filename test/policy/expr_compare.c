#include "test/policy/expr_compare.h"

#include "policy/expr/code.h"
#include "policy/expr/necessary.h"
#include "policy/expr/parse.h"
#include "policy/expr/type.h"

#include "test/policy/expr_random.h"
#include "test/policy/expr_tree.h"

/* One evaluation. */
struct run {
    struct bag bag;
    struct refs refs;
    enum eval_status status;
    struct value value;
    struct eval_error error;
};

static void run_init(struct run *run, const struct vocabulary *vocabulary,
                     const struct value *values, struct arena *arena)
{
    bag_init(&run->bag, vocabulary, arena);
    refs_init(&run->refs, arena);
    run->bag.refs = &run->refs;
    for (uint32_t id = 0; id < vocabulary_count(vocabulary); id++)
        if (values[id].type != VALUE_NONE)
            bag_set(&run->bag, id, values[id]);
}

/* What differs ------------------------------------------------------------- */

static bool is_same_map(const struct string_map *a, const struct string_map *b)
{
    bool is_same = a->count == b->count;

    for (uint32_t i = 0; is_same && i < a->count; i++)
        is_same = str_eq(a->pairs[i].key, b->pairs[i].key) &&
                  str_eq(a->pairs[i].value, b->pairs[i].value);
    return is_same;
}

static bool is_same_value(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        return str_eq(a->string, b->string);
    case VALUE_INT64:
    case VALUE_DOUBLE: /* the same bits: -0 is not 0, and NaN is NaN */
        return a->int64 == b->int64;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_TIMESTAMP:
        return a->instant.seconds == b->instant.seconds &&
               a->instant.nanos == b->instant.nanos;
    case VALUE_IP_ADDRESS:
        return memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0;
    case VALUE_DURATION:
        return a->duration_ns == b->duration_ns;
    case VALUE_STRING_MAP:
        return is_same_map(a->map, b->map);
    case VALUE_NONE:
        break;
    }
    return false;
}

static bool is_same_outcome(const struct run *a, const struct run *b)
{
    return a->status == b->status &&
           (a->status != EVAL_OK || is_same_value(&a->value, &b->value));
}

static bool is_same_error(const struct run *a, const struct run *b)
{
    return a->status == EVAL_OK || (a->error.attribute == b->error.attribute &&
                                    a->error.offset == b->error.offset);
}

static bool is_same_ref(const struct ref *a, const struct ref *b)
{
    return a->attribute == b->attribute && a->present == b->present &&
           (a->key.data ? b->key.data && str_eq(a->key, b->key) : !b->key.data);
}

static bool have_same_refs(const struct run *a, const struct run *b)
{
    bool is_same = a->refs.count == b->refs.count;

    for (uint32_t i = 0; is_same && i < a->refs.count; i++)
        is_same = is_same_ref(&a->refs.items[i], &b->refs.items[i]);
    return is_same;
}

/* What was recorded -------------------------------------------------------- */

/* The record of attribute `id`, or of a key of it (NULL: of any key). */
static const struct ref *find_ref(const struct refs *refs, uint32_t id,
                                  bool is_key, const struct str *key)
{
    for (uint32_t i = 0; i < refs->count; i++) {
        const struct ref *ref = &refs->items[i];

        if (ref->attribute == id && (ref->key.data != NULL) == is_key &&
            (!key || str_eq(ref->key, *key)))
            return ref;
    }
    return NULL;
}

/* The keys of `from` that were recorded, or those that were not. */
static void add_pairs(struct string_map *map, struct string_pair *pairs,
                      const struct value *from, const struct refs *refs,
                      uint32_t id, bool is_recorded)
{
    if (from->type == VALUE_NONE)
        return;
    for (uint32_t i = 0; i < from->map->count; i++)
        if ((find_ref(refs, id, true, &from->map->pairs[i].key) != NULL) ==
            is_recorded)
            pairs[map->count++] = from->map->pairs[i];
}

static struct value mix_map(const struct value *value,
                            const struct value *other, const struct refs *refs,
                            uint32_t id, struct arena *arena)
{
    uint32_t room =
        value->map->count + (other->type == VALUE_NONE ? 0 : other->map->count);
    struct string_pair *pairs = arena_calloc(arena, room, sizeof(*pairs));
    struct string_map *map = arena_calloc(arena, 1, sizeof(*map));

    add_pairs(map, pairs, other, refs, id, false);
    add_pairs(map, pairs, value, refs, id, true);
    map->pairs = pairs;
    return (struct value){ .type = VALUE_STRING_MAP, .map = map };
}

/* `values` where they were recorded, `others` elsewhere. */
static struct value *mix(const struct value *values, const struct value *others,
                         const struct refs *refs, uint32_t count,
                         struct arena *arena)
{
    struct value *mixed = arena_calloc(arena, count, sizeof(*mixed));

    for (uint32_t id = 0; id < count; id++) {
        if (find_ref(refs, id, false, NULL))
            mixed[id] = values[id];
        else if (find_ref(refs, id, true, NULL))
            mixed[id] = mix_map(&values[id], &others[id], refs, id, arena);
        else
            mixed[id] = others[id];
    }
    return mixed;
}

/* What must hold ----------------------------------------------------------- */

static bool holds(const struct necessary *test, const struct value *value)
{
    if (value->type == VALUE_INT64)
        return memcmp(&value->int64, test->literal.data,
                      sizeof(value->int64)) == 0;
    return test->kind == NECESSARY_EQUAL
               ? str_eq(value->string, test->literal)
               : str_starts_with(value->string, test->literal);
}

static bool holds_in_map(const struct necessary *test,
                         const struct string_map *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (str_eq(map->pairs[i].key, test->key))
            return holds(test,
                         &(struct value){ .type = VALUE_STRING,
                                          .string = map->pairs[i].value });
    return test->is_open_without_key;
}

/* Is the outcome one that the tests allow? */
static bool is_allowed(const struct run *run, struct necessaries tests)
{
    bool is_bool = run->status == EVAL_OK && run->value.type == VALUE_BOOL;
    bool is_true = is_bool && run->value.boolean;
    bool is_false = is_bool && !run->value.boolean;

    for (uint32_t i = 0; i < tests.count; i++) {
        const struct necessary *test = &tests.items[i];
        const struct value *value = &run->bag.values[test->attribute];
        bool is_open;

        if (value->type == VALUE_NONE)
            is_open = test->is_open_without;
        else if (value->type == VALUE_STRING_MAP)
            is_open = holds_in_map(test, value->map);
        else
            is_open = holds(test, value);
        if (!is_open && (is_true || (test->is_certain && !is_false)))
            return false;
    }
    return true;
}

/* -------------------------------------------------------------------------- */

static const char *differ(struct str text, const char *what,
                          struct arena *arena)
{
    return arena_printf(arena, "%s: %.*s", what, STR_ARG(text)).data;
}

/* Attributes by id; what is not read may as well be as in `others`. */
struct world {
    const struct vocabulary *vocabulary;
    struct value *values, *others;
};

static const char *compare_runs(const struct code *code, const struct ast *ast,
                                const struct world *world, struct arena *arena)
{
    const struct vocabulary *ids = world->vocabulary;
    struct str text = code_text(code);
    struct run compiled, tree, mixed;

    run_init(&compiled, ids, world->values, arena);
    compiled.status =
        code_eval(code, &compiled.bag, &compiled.value, &compiled.error);
    run_init(&tree, ids, world->values, arena);
    tree.status = tree_eval(ast, &tree.bag, &tree.value, &tree.error);
    run_init(&mixed, ids,
             mix(world->values, world->others, &compiled.refs,
                 vocabulary_count(ids), arena),
             arena);
    mixed.status = code_eval(code, &mixed.bag, &mixed.value, &mixed.error);

    if (!is_same_outcome(&compiled, &tree))
        return differ(text, "code and tree differ in value", arena);
    if (!is_same_error(&compiled, &tree))
        return differ(text, "code and tree differ in error", arena);
    if (!have_same_refs(&compiled, &tree))
        return differ(text, "code and tree differ in what they read", arena);
    if (!is_same_outcome(&compiled, &mixed))
        return differ(text, "something was read, not recorded", arena);
    if (!is_allowed(&compiled, code_necessaries(code)))
        return differ(text, "a test was not necessary", arena);
    return NULL;
}

const char *expr_compare(const uint8_t *bytes, size_t count,
                         struct arena *arena)
{
    struct choices choices = { bytes, count };
    struct vocabulary *vocabulary = random_vocabulary();
    struct world world = { .vocabulary = vocabulary };
    const char *difference;
    struct expr_error error;
    const struct code *code;
    struct ast *ast;
    struct str text;

    world.values = random_values(&choices, vocabulary, arena);
    world.others = random_values(&choices, vocabulary, arena);
    text = random_expression(&choices, arena);
    code = code_compile(text, VALUE_NONE, vocabulary, arena, &error);
    ast = parse(text, arena, arena, &error);
    if (code && ast && typecheck(ast, VALUE_NONE, vocabulary, arena, &error))
        difference = compare_runs(code, ast, &world, arena);
    else
        difference = differ(text, error.message, arena);
    vocabulary_free(vocabulary);
    return difference;
}
