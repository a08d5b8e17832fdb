#include "policy/expr/refute.h"

#include "policy/expr/necessary.h"

static bool is_false_of(const struct necessary *test, const struct value *value)
{
    struct str bytes = value->string;

    if (value->type == VALUE_INT64)
        bytes =
            (struct str){ (const char *)&value->int64, sizeof(value->int64) };
    return !necessary_holds(test, bytes);
}

static bool is_key_false(const struct necessary *test, struct bag *bag)
{
    struct value value = { .type = VALUE_STRING };

    switch (bag_get_key(bag, test->attribute, test->key, &value.string)) {
    case BAG_NO_MAP:
        return !test->is_open_without;
    case BAG_NO_KEY:
        return !test->is_open_without_key;
    case BAG_KEY:
        return is_false_of(test, &value);
    }
    return false;
}

static bool is_false(const struct necessary *test, struct bag *bag)
{
    const struct value *value;

    if (test->key.data)
        return is_key_false(test, bag);
    value = bag_get(bag, test->attribute);
    return value ? is_false_of(test, value) : !test->is_open_without;
}

bool code_is_refuted(const struct code *code, const struct bag *bag)
{
    struct necessaries tests = code_necessaries(code);
    struct bag unrecorded = *bag;

    unrecorded.refs = NULL;
    for (uint32_t i = 0; i < tests.count; i++)
        if (is_false(&tests.items[i], &unrecorded))
            return true;
    return false;
}
