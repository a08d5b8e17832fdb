/*
 * "EXPRESSION" or "EXPRESSION\n!VALUES": any expression is compiled over the
 * standard attributes and one of each further type; what compiles is evaluated
 * over a bag whose values are made of the bytes behind it.
 */
#include "policy/expr/code.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cut off the front of the input. */
struct input {
    struct str rest;
};

static uint8_t take_byte(struct input *input)
{
    uint8_t byte;

    if (input->rest.len == 0)
        return 0;
    byte = (uint8_t)input->rest.data[0];
    input->rest = str_skip(input->rest, 1);
    return byte;
}

static struct str take_text(struct input *input)
{
    size_t len = take_byte(input) % 16;
    struct str text;

    if (len > input->rest.len)
        len = input->rest.len;
    text = (struct str){ input->rest.data, len };
    if (len > 0)
        input->rest = str_skip(input->rest, len);
    return text;
}

static int64_t take_number(struct input *input)
{
    int64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = (int64_t)((uint64_t)number << 8 | take_byte(input));
    return number;
}

static const struct string_map *take_map(struct input *input,
                                         struct arena *arena)
{
    struct string_map *map = arena_calloc(arena, 1, sizeof(*map));
    struct string_pair *pairs = arena_calloc(arena, 2, sizeof(*pairs));

    for (size_t i = 0; i < 2; i++)
        pairs[i] = (struct string_pair){ take_text(input), take_text(input) };
    map->count = take_byte(input) % 3;
    map->pairs = pairs;
    return map;
}

static struct value take_value(struct input *input, enum value_type type,
                               struct arena *arena)
{
    struct value value = { .type = type };

    switch (type) {
    case VALUE_NONE:
        break;
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        value.string = take_text(input);
        break;
    case VALUE_INT64:
        value.int64 = take_number(input);
        break;
    case VALUE_DOUBLE:
        value.number = (double)take_number(input);
        break;
    case VALUE_BOOL:
        value.boolean = take_byte(input) % 2;
        break;
    case VALUE_TIMESTAMP:
        value.instant.seconds = take_number(input);
        break;
    case VALUE_IP_ADDRESS:
        value.ip.bytes[15] = take_byte(input);
        break;
    case VALUE_DURATION:
        value.duration_ns = take_number(input);
        break;
    case VALUE_STRING_MAP:
        value.map = take_map(input, arena);
        break;
    }
    return value;
}

static void evaluate(const struct code *code, struct vocabulary *vocabulary,
                     struct input values)
{
    struct arena arena;
    struct refs refs;
    struct bag bag;
    struct value value;
    struct eval_error error;

    arena_init(&arena, (size_t)64 * 1024);
    refs_init(&refs, &arena);
    if (!bag_init(&bag, vocabulary, &arena))
        abort();
    bag.refs = &refs;
    for (uint32_t id = 0; id < vocabulary_count(vocabulary); id++)
        if (take_byte(&values) % 4 != 0)
            bag_set(&bag, id,
                    take_value(&values, vocabulary_id_type(vocabulary, id),
                               &arena));
    if (code_eval(code, &bag, &value, &error) == EVAL_OK) {
        if (value.type != code_type(code))
            abort();
    } else if (error.offset > code_text(code).len || !error.message) {
        abort();
    }
    arena_fini(&arena);
}

/* Cuts "\n!VALUES" off the end of the input. */
static struct input take_values(struct input *input)
{
    struct str all = input->rest;
    const char *split = memmem(all.data, all.len, "\n!", 2);

    if (!split)
        return (struct input){ STR("") };
    input->rest.len = (size_t)(split - all.data);
    return (struct input){ str_skip(all, input->rest.len + 2) };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { { (const char *)data, size } };
    struct input values = take_values(&input);
    struct vocabulary *vocabulary = vocabulary_new();
    struct expr_error error = { 0 };
    const struct code *code;
    struct arena arena;

    vocabulary_declare(vocabulary, STR("d"), VALUE_DOUBLE);
    vocabulary_declare(vocabulary, STR("mail"), VALUE_EMAIL_ADDRESS);
    vocabulary_declare(vocabulary, STR("uri"), VALUE_URI);
    vocabulary_declare(vocabulary, STR("dns"), VALUE_DNS_NAME);
    arena_init(&arena, 0);
    code = code_compile(input.rest, VALUE_NONE, vocabulary, &arena, &error);
    if (code)
        evaluate(code, vocabulary, values);
    else if (error.message[0] == '\0' || error.offset > input.rest.len ||
             error.length > input.rest.len)
        abort();
    arena_fini(&arena);
    vocabulary_free(vocabulary);
    return 0;
}
