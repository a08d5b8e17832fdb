#include "config/load.h"

#include "policy/attr/bag.h"
#include "policy/expr/necessary.h"

/* Adds a key to a map attribute. */
static void add_key(struct bag *bag, const struct necessary *test)
{
    struct value *value = &bag->values[test->attribute];
    struct string_map *map = arena_calloc(bag->arena, 1, sizeof(*map));
    struct string_pair *pairs;
    uint32_t count = value->type == VALUE_NONE ? 0 : value->map->count;

    pairs = arena_calloc(bag->arena, count + 1, sizeof(*pairs));
    if (count > 0)
        memcpy(pairs, value->map->pairs, count * sizeof(*pairs));
    pairs[count] = (struct string_pair){ test->key, test->literal };
    *map = (struct string_map){ pairs, count + 1 };
    *value = (struct value){ .type = VALUE_STRING_MAP, .map = map };
}

static void pass_test(struct bag *bag, const struct necessary *test)
{
    struct value *value = &bag->values[test->attribute];

    if (test->key.data) {
        add_key(bag, test);
        return;
    }
    value->type = vocabulary_id_type(bag->vocabulary, test->attribute);
    if (value->type == VALUE_INT64)
        memcpy(&value->int64, test->literal.data, sizeof(value->int64));
    else
        value->string = test->literal;
}

/* Evaluates for a request that passes all tests, but that one attribute
 * (ATTR_NONE: none) is absent. */
static bool is_absent_without(struct load *load, const struct code *code,
                              uint32_t attribute, struct eval_error *error)
{
    struct necessaries tests = code_necessaries(code);
    enum eval_status status;
    struct arena scratch;
    struct value value;
    struct bag bag;

    arena_init(&scratch, 0);
    bag_init(&bag, load->snapshot->vocabulary, &scratch);
    for (uint32_t i = 0; i < tests.count; i++)
        if (tests.items[i].attribute != attribute)
            pass_test(&bag, &tests.items[i]);
    status = code_eval(code, &bag, &value, error);
    arena_fini(&scratch);
    return status == EVAL_ABSENT;
}

bool load_find_absent(struct load *load, const struct code *code,
                      struct eval_error *error)
{
    struct necessaries tests = code_necessaries(code);
    struct probe probe = load_probe(load, code);

    if (probe.status == EVAL_ABSENT) {
        *error = probe.error;
        return true;
    }
    for (uint32_t i = 0; i < tests.count; i++)
        if (is_absent_without(load, code, tests.items[i].attribute, error))
            return true;
    return is_absent_without(load, code, ATTR_NONE, error);
}
