#include "test/policy/expr_random.h"

#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned choose(struct choices *choices, unsigned count)
{
    if (choices->count == 0)
        return 0;
    choices->count--;
    return *choices->bytes++ % count;
}

/* Words ---------------------------------------------------------------------
 */

/* Few, so that they meet; some of them are addresses and such. */
static const struct str words[] = {
    STR_INIT(""),          STR_INIT("a"),
    STR_INIT("b"),         STR_INIT("ab"),
    STR_INIT("A"),         STR_INIT("a*"),
    STR_INIT("*b"),        STR_INIT("a.b"),
    STR_INIT("A.B."),      STR_INIT("a@a.b"),
    STR_INIT("x://a/b"),   STR_INIT("HTTP://A.b/"),
    STR_INIT("http://a."), STR_INIT("10.0.0.1"),
    STR_INIT("::1"),       STR_INIT("2020-01-02T03:04:05Z"),
    STR_INIT("1s"),        STR_INIT("\xff"),
};

/* For literals of the language only. */
static const char *const patterns[] = {
    "", "a", "^a", "b$", "^a.b$", "[ab]+", "(?i)a", "x|y", "^(a|b)*$",
};

static struct str choose_word(struct choices *choices)
{
    return words[choose(choices, ROWS(words))];
}

/* Two of each type; their names end in their number. */
#define ATTRIBUTES_PER_TYPE 2

static const struct {
    enum value_type type;
    const char *prefix;
} attributes[] = {
    { VALUE_STRING, "text" },        { VALUE_INT64, "number" },
    { VALUE_DOUBLE, "fraction" },    { VALUE_BOOL, "flag" },
    { VALUE_TIMESTAMP, "time" },     { VALUE_IP_ADDRESS, "ip" },
    { VALUE_EMAIL_ADDRESS, "mail" }, { VALUE_URI, "uri" },
    { VALUE_DNS_NAME, "name" },      { VALUE_DURATION, "duration" },
    { VALUE_STRING_MAP, "map" },
};

struct vocabulary *random_vocabulary(void)
{
    struct vocabulary *vocabulary = vocabulary_new_empty();

    for (size_t i = 0; i < ROWS(attributes); i++)
        for (int number = 0; number < ATTRIBUTES_PER_TYPE; number++) {
            char name[32];

            snprintf(name, sizeof(name), "%s.v%d", attributes[i].prefix,
                     number);
            vocabulary_declare(vocabulary, str_of(name), attributes[i].type);
            vocabulary_use(vocabulary, str_of(name));
        }
    return vocabulary;
}

/* Expressions ---------------------------------------------------------------
 */

#define DEPTH_MAX 5

struct writer {
    struct choices *choices;
    FILE *out;
    unsigned depth;
};

static void write_whole(struct writer *writer, enum value_type type);
static void write_sum(struct writer *writer, enum value_type type);
static void write_operand(struct writer *writer, enum value_type type);

static bool flip(struct writer *writer)
{
    return choose(writer->choices, 2) != 0;
}

static void write_attribute(struct writer *writer, enum value_type type)
{
    for (size_t i = 0; i < ROWS(attributes); i++)
        if (attributes[i].type == type)
            fprintf(writer->out, "%s.v%u", attributes[i].prefix,
                    choose(writer->choices, ATTRIBUTES_PER_TYPE));
}

static void write_string(struct writer *writer)
{
    struct str word = choose_word(writer->choices);

    fputc('"', writer->out);
    for (size_t i = 0; i < word.len; i++)
        fprintf(writer->out, "\\x%02x", (unsigned char)word.data[i]);
    fputc('"', writer->out);
}

/* A literal, or an attribute of a type that has none. */
static void write_leaf(struct writer *writer, enum value_type type)
{
    unsigned choice = choose(writer->choices, 6);

    if (choice < 3 || (type != VALUE_STRING && type != VALUE_INT64 &&
                       type != VALUE_DOUBLE && type != VALUE_BOOL))
        write_attribute(writer, type);
    else if (type == VALUE_STRING)
        write_string(writer);
    else if (type == VALUE_INT64)
        fputs(choice == 3 ? "9223372036854775807" : "1", writer->out);
    else if (type == VALUE_DOUBLE)
        fputs(choice == 3 ? "0.0" : ".5", writer->out);
    else
        fputs(choice == 3 ? "false" : "true", writer->out);
}

/* name(a, b, ...), each of a type; the types end with VALUE_NONE. */
static void write_call(struct writer *writer, const char *name,
                       const enum value_type *types)
{
    fprintf(writer->out, "%s(", name);
    for (size_t i = 0; types[i] != VALUE_NONE; i++) {
        if (i > 0)
            fputs(", ", writer->out);
        write_whole(writer, types[i]);
    }
    fputc(')', writer->out);
}

static void write_method(struct writer *writer, const char *name)
{
    const enum value_type types[] = { VALUE_STRING, VALUE_NONE };

    write_operand(writer, VALUE_STRING);
    fputc('.', writer->out);
    write_call(writer, name, types);
}

/* A literal must be a pattern; anything else may also fail to be one. */
static void write_matches(struct writer *writer)
{
    const enum value_type types[] = { VALUE_STRING, VALUE_NONE };

    if (flip(writer)) {
        fprintf(writer->out, "`%s`.",
                patterns[choose(writer->choices, ROWS(patterns))]);
    } else {
        fputs("(\"\" + ", writer->out);
        write_operand(writer, VALUE_STRING);
        fputs(").", writer->out);
    }
    write_call(writer, "matches", types);
}

static void write_bool_call(struct writer *writer)
{
    const enum value_type types[] = { VALUE_STRING, VALUE_STRING, VALUE_NONE };

    switch (choose(writer->choices, 4)) {
    case 0:
        write_matches(writer);
        return;
    case 1:
        write_method(writer, "startsWith");
        return;
    case 2:
        write_method(writer, "endsWith");
        return;
    default:
        write_call(writer, "match", types);
    }
}

static void write_string_call(struct writer *writer)
{
    const enum value_type one[] = { VALUE_STRING, VALUE_NONE };
    const enum value_type three[] = { VALUE_BOOL, VALUE_STRING, VALUE_STRING,
                                      VALUE_NONE };

    switch (choose(writer->choices, 4)) {
    case 0:
        write_call(writer, "toLower", one);
        return;
    case 1:
        write_call(writer, "conditionalString", three);
        return;
    default:
        write_operand(writer, VALUE_STRING_MAP);
        fputc('[', writer->out);
        write_whole(writer, VALUE_STRING);
        fputc(']', writer->out);
    }
}

static void write_conditional(struct writer *writer, enum value_type type)
{
    const enum value_type types[] = { VALUE_BOOL, type, type, VALUE_NONE };

    write_call(writer, "conditional", types);
}

/* What makes a value of that type, besides the conditional. */
static void write_made(struct writer *writer, enum value_type type)
{
    const enum value_type one[] = { VALUE_STRING, VALUE_NONE };
    const enum value_type none[] = { VALUE_NONE };

    switch (type) {
    case VALUE_STRING:
        write_string_call(writer);
        return;
    case VALUE_BOOL:
        write_bool_call(writer);
        return;
    case VALUE_INT64:
        write_call(writer, "size", one);
        return;
    case VALUE_TIMESTAMP:
        write_call(writer, "timestamp", one);
        return;
    case VALUE_IP_ADDRESS:
        write_call(writer, "ip", one);
        return;
    case VALUE_EMAIL_ADDRESS:
        write_call(writer, "email", one);
        return;
    case VALUE_URI:
        write_call(writer, "uri", one);
        return;
    case VALUE_DNS_NAME:
        write_call(writer, "dnsName", one);
        return;
    case VALUE_STRING_MAP:
        write_call(writer, "emptyStringMap", none);
        return;
    case VALUE_DOUBLE:
    case VALUE_DURATION:
    case VALUE_NONE:
        write_attribute(writer, type);
        return;
    }
}

static void write_operand(struct writer *writer, enum value_type type)
{
    unsigned choice = choose(writer->choices, 8);

    if (writer->depth >= DEPTH_MAX || choice < 4) {
        write_leaf(writer, type);
        return;
    }
    writer->depth++;
    if (choice == 4) {
        write_conditional(writer, type);
    } else if (choice == 5) {
        fputc('(', writer->out);
        write_whole(writer, type);
        fputc(')', writer->out);
    } else {
        write_made(writer, type);
    }
    writer->depth--;
}

static bool can_add(enum value_type type)
{
    return type == VALUE_STRING || type == VALUE_INT64 || type == VALUE_DOUBLE;
}

static void write_sum(struct writer *writer, enum value_type type)
{
    write_operand(writer, type);
    for (unsigned more = choose(writer->choices, 8); more > 4; more--) {
        bool is_added = can_add(type) && flip(writer);

        fputs(is_added ? " + " : " | ", writer->out);
        /* At most one literal, so that one has the type. */
        if (type == VALUE_DURATION && more == 5)
            fputs("\"1s\"", writer->out);
        else
            write_operand(writer, type);
    }
}

/* Of a type that compares, or of any for which a BOOL is alone. */
static void write_comparison(struct writer *writer)
{
    static const char *const operators[] = { "==", "!=", "<", "<=", ">", ">=" };
    enum value_type type =
        attributes[choose(writer->choices, ROWS(attributes) - 1)].type;
    bool has_less = type != VALUE_BOOL && type != VALUE_IP_ADDRESS;

    write_sum(writer, type);
    fprintf(writer->out, " %s ",
            operators[choose(writer->choices, has_less ? 6 : 2)]);
    write_sum(writer, type);
    for (unsigned more = choose(writer->choices, 8); more > 6; more--) {
        fprintf(writer->out, " %s ", operators[choose(writer->choices, 2)]);
        write_sum(writer, VALUE_BOOL);
    }
}

/* A string attribute or a key of a map, maybe with a default. */
static void write_subject(struct writer *writer)
{
    bool is_key = flip(writer);

    write_attribute(writer, is_key ? VALUE_STRING_MAP : VALUE_STRING);
    if (is_key) {
        fputc('[', writer->out);
        write_string(writer);
        fputc(']', writer->out);
    }
    if (flip(writer)) {
        fputs(" | ", writer->out);
        write_string(writer);
    }
}

/* Of the kind that rules have, and that an index finds. */
static void write_test(struct writer *writer)
{
    static const char *const around[][3] = {
        { "", " == ", "" },
        { "(", ").startsWith(", ")" },
        { "match(", ", ", ")" },
    };
    unsigned kind = choose(writer->choices, ROWS(around));

    fputs(around[kind][0], writer->out);
    write_subject(writer);
    fputs(around[kind][1], writer->out);
    write_string(writer);
    fputs(around[kind][2], writer->out);
}

static void write_term(struct writer *writer)
{
    unsigned choice = choose(writer->choices, 4);

    if (choice == 1)
        write_test(writer);
    else if (choice > 1 && writer->depth < DEPTH_MAX)
        write_comparison(writer);
    else
        write_sum(writer, VALUE_BOOL);
}

static void write_whole(struct writer *writer, enum value_type type)
{
    if (type != VALUE_BOOL) {
        write_sum(writer, type);
        return;
    }
    write_term(writer);
    for (unsigned more = choose(writer->choices, 8); more > 5; more--) {
        fputs(flip(writer) ? " && " : " || ", writer->out);
        write_term(writer);
    }
}

struct str random_expression(struct choices *choices, struct arena *arena)
{
    struct writer writer = { .choices = choices };
    char *text;
    size_t len;
    struct str copy;

    writer.out = open_memstream(&text, &len);
    write_whole(&writer,
                flip(&writer)
                    ? VALUE_BOOL
                    : attributes[choose(choices, ROWS(attributes))].type);
    fclose(writer.out);
    copy = arena_copy(arena, (struct str){ text, len });
    free(text);
    return copy;
}

/* Values --------------------------------------------------------------------
 */

static const struct string_map *choose_map(struct choices *choices,
                                           struct arena *arena)
{
    struct string_map *map = arena_alloc(arena, sizeof(*map));
    uint32_t count = choose(choices, 4);
    struct string_pair *pairs = arena_alloc(arena, count * sizeof(*pairs));

    for (uint32_t i = 0; i < count; i++)
        pairs[i] =
            (struct string_pair){ choose_word(choices), choose_word(choices) };
    *map = (struct string_map){ pairs, count };
    return map;
}

static struct value choose_value(struct choices *choices, enum value_type type,
                                 struct arena *arena)
{
    static const double fractions[] = { 0, -0.0, 0.5, 1e300 };
    struct value value = { .type = type };

    switch (type) {
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        value.string = choose_word(choices);
        break;
    case VALUE_INT64:
        value.int64 = choose(choices, 4);
        break;
    case VALUE_DOUBLE:
        value.number = fractions[choose(choices, ROWS(fractions))];
        break;
    case VALUE_BOOL:
        value.boolean = choose(choices, 2);
        break;
    case VALUE_TIMESTAMP:
        value.instant.seconds = choose(choices, 2);
        value.instant.nanos = (int32_t)choose(choices, 2);
        break;
    case VALUE_IP_ADDRESS:
        value.ip.bytes[15] = (uint8_t)choose(choices, 2);
        break;
    case VALUE_DURATION:
        value.duration_ns = choose(choices, 3) * INT64_C(500000000);
        break;
    case VALUE_STRING_MAP:
        value.map = choose_map(choices, arena);
        break;
    case VALUE_NONE:
        break;
    }
    return value;
}

struct value *random_values(struct choices *choices,
                            const struct vocabulary *vocabulary,
                            struct arena *arena)
{
    uint32_t count = vocabulary_count(vocabulary);
    struct value *values = arena_calloc(arena, count, sizeof(*values));

    for (uint32_t id = 0; id < count; id++)
        if (choose(choices, 3) != 0)
            values[id] = choose_value(
                choices, vocabulary_id_type(vocabulary, id), arena);
    return values;
}
