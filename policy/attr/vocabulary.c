#include "policy/attr/vocabulary.h"

#include "policy/base/arena.h"
#include "policy/base/nearest.h"
#include "policy/base/table.h"

#include <stdlib.h>

struct attribute {
    struct str name;
    enum value_type type;
    uint32_t id; /* ATTR_NONE: not in use */
    struct attribute *next;
};

struct vocabulary {
    struct arena arena;
    struct table by_name;
    struct attribute *declared; /* all, latest first */
    struct attribute **in_use;  /* by id */
    uint32_t count, capacity;
};

static const struct {
    struct str name;
    enum value_type type;
} standard[] = {
#define ATTRIBUTE(name, type) { STR_INIT(name), VALUE_##type },
#include "policy/attr/vocabulary.def"
#undef ATTRIBUTE
};

struct vocabulary *vocabulary_new_empty(void)
{
    struct vocabulary *vocabulary = calloc(1, sizeof(*vocabulary));

    if (!vocabulary)
        abort();
    arena_init(&vocabulary->arena, 0);
    table_init(&vocabulary->by_name);
    return vocabulary;
}

struct vocabulary *vocabulary_new(void)
{
    struct vocabulary *vocabulary = vocabulary_new_empty();

    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
        vocabulary_declare(vocabulary, standard[i].name, standard[i].type);
    return vocabulary;
}

void vocabulary_free(struct vocabulary *vocabulary)
{
    if (!vocabulary)
        return;
    table_fini(&vocabulary->by_name);
    free(vocabulary->in_use);
    arena_fini(&vocabulary->arena);
    free(vocabulary);
}

bool vocabulary_declare(struct vocabulary *vocabulary, struct str name,
                        enum value_type type)
{
    struct attribute *attribute = table_find(&vocabulary->by_name, name);

    if (attribute)
        return attribute->type == type;
    attribute = arena_alloc(&vocabulary->arena, sizeof(*attribute));
    *attribute = (struct attribute){
        .name = arena_copy(&vocabulary->arena, name),
        .type = type,
        .id = ATTR_NONE,
        .next = vocabulary->declared,
    };
    vocabulary->declared = attribute;
    table_put(&vocabulary->by_name, attribute->name, attribute);
    return true;
}

enum value_type vocabulary_type(const struct vocabulary *vocabulary,
                                struct str name)
{
    const struct attribute *attribute = table_find(&vocabulary->by_name, name);

    return attribute ? attribute->type : VALUE_NONE;
}

static void append_in_use(struct vocabulary *vocabulary,
                          struct attribute *attribute)
{
    if (vocabulary->count == vocabulary->capacity) {
        vocabulary->capacity =
            vocabulary->capacity ? 2 * vocabulary->capacity : 32;
        vocabulary->in_use =
            reallocarray(vocabulary->in_use, vocabulary->capacity,
                         sizeof(vocabulary->in_use[0]));
        if (!vocabulary->in_use)
            abort();
    }
    attribute->id = vocabulary->count;
    vocabulary->in_use[vocabulary->count++] = attribute;
}

uint32_t vocabulary_use(struct vocabulary *vocabulary, struct str name)
{
    struct attribute *attribute = table_find(&vocabulary->by_name, name);

    if (!attribute)
        return ATTR_NONE;
    if (attribute->id == ATTR_NONE)
        append_in_use(vocabulary, attribute);
    return attribute->id;
}

uint32_t vocabulary_id(const struct vocabulary *vocabulary, struct str name)
{
    const struct attribute *attribute = table_find(&vocabulary->by_name, name);

    return attribute ? attribute->id : ATTR_NONE;
}

uint32_t vocabulary_count(const struct vocabulary *vocabulary)
{
    return vocabulary->count;
}

struct str vocabulary_name(const struct vocabulary *vocabulary, uint32_t id)
{
    return vocabulary->in_use[id]->name;
}

enum value_type vocabulary_id_type(const struct vocabulary *vocabulary,
                                   uint32_t id)
{
    return vocabulary->in_use[id]->type;
}

struct str vocabulary_nearest(const struct vocabulary *vocabulary,
                              struct str name)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (const struct attribute *attribute = vocabulary->declared; attribute;
         attribute = attribute->next)
        nearest_offer(&nearest, attribute->name);
    return nearest_name(&nearest);
}
