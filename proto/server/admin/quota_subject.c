#include "proto/server/admin/quota_subject.h"

#include "policy/base/nearest.h"

/* begin: "there is no quota". Names the one that was probably meant. */
static struct str not_found(const char *begin, struct str name,
                            const struct nearest *nearest, struct arena *arena)
{
    struct str meant = nearest_name(nearest);

    if (meant.len == 0)
        return arena_printf(arena, "%s \"%.*s\"", begin, STR_ARG(name));
    return arena_printf(arena, "%s \"%.*s\"; did you mean \"%.*s\"?", begin,
                        STR_ARG(name), STR_ARG(meant));
}

/* data == NULL: it is no text. */
static struct str text_of(const json_t *json)
{
    return (struct str){ json_string_value(json), json_string_length(json) };
}

/* ---- the quota --------------------------------------------------------- */

static bool find_quota(const struct ruleset *ruleset, const json_t *question,
                       uint32_t *quota, struct arena *arena, struct str *why)
{
    struct str name = text_of(json_object_get(question, "quota"));
    struct nearest nearest;

    if (!name.data) {
        *why = STR("\"quota\" must be the name of a quota");
        return false;
    }
    *quota = ruleset_find_quota(ruleset, name);
    if (*quota != UINT32_MAX)
        return true;
    nearest_init(&nearest, name);
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        nearest_offer(&nearest, ruleset->quotas[i].name);
    *why = not_found("there is no quota", name, &nearest, arena);
    return false;
}

/* ---- its dimensions ---------------------------------------------------- */

static uint32_t find_dimension(const struct quota_spec *spec, struct str name)
{
    uint32_t found = UINT32_MAX;

    for (uint32_t i = 0; i < spec->dimension_count; i++) {
        if (str_eq(spec->dimensions[i].name, name))
            return i;
        if (found == UINT32_MAX &&
            str_eq_nocase(spec->dimensions[i].name, name))
            found = i;
    }
    return found;
}

static struct str no_dimension(const struct quota_spec *spec, struct str name,
                               struct arena *arena)
{
    struct str begin = arena_printf(arena, "the quota %.*s has no dimension",
                                    STR_ARG(spec->name));
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        nearest_offer(&nearest, spec->dimensions[i].name);
    return not_found(begin.data, name, &nearest, arena);
}

static struct str set_value(const struct quota_spec *spec, struct str *values,
                            struct str name, const json_t *value,
                            struct arena *arena)
{
    uint32_t dimension = find_dimension(spec, name);

    if (dimension == UINT32_MAX)
        return no_dimension(spec, name, arena);
    if (values[dimension].data)
        return arena_printf(arena, "the dimension \"%.*s\" has two values",
                            STR_ARG(spec->dimensions[dimension].name));
    values[dimension] = text_of(value);
    if (!values[dimension].data)
        return arena_printf(arena,
                            "the value of the dimension \"%.*s\" must be a "
                            "text",
                            STR_ARG(name));
    return STR("");
}

static struct str missing_values(const struct quota_spec *spec,
                                 const struct str *values, struct arena *arena)
{
    struct str names = STR("");

    for (uint32_t i = 0; i < spec->dimension_count; i++)
        if (!values[i].data)
            names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names),
                                 names.len > 0 ? ", " : "",
                                 STR_ARG(spec->dimensions[i].name));
    if (names.len == 0)
        return STR("");
    return arena_printf(arena, "the quota %.*s needs a value for: %.*s",
                        STR_ARG(spec->name), STR_ARG(names));
}

static bool read_values(const struct quota_spec *spec, const json_t *question,
                        struct str *values, struct arena *arena,
                        struct str *why)
{
    json_t *given = json_object_get(question, "dimensions");
    const char *name;
    json_t *value;

    *why = STR("");
    if (given && !json_is_object(given))
        *why = STR("\"dimensions\" must be an object of names and values");
    json_object_foreach(given, name, value)
    {
        *why = set_value(spec, values, str_of(name), value, arena);
        if (why->len > 0)
            return false;
    }
    if (why->len == 0)
        *why = missing_values(spec, values, arena);
    return why->len == 0;
}

/* ------------------------------------------------------------------------ */

bool quota_subject_find(struct quota_subject *subject,
                        const struct snapshot *snapshot, const json_t *question,
                        struct arena *arena, struct str *why)
{
    const struct ruleset *ruleset = &snapshot->ruleset;
    struct str values[QUOTA_DIMENSIONS_MAX] = { 0 };
    uint32_t quota;

    if (!find_quota(ruleset, question, &quota, arena, why) ||
        !read_values(&ruleset->quotas[quota], question, values, arena, why))
        return false;
    subject->quota = snapshot->limits[quota].name;
    quota_key_make(&subject->key, &ruleset->quotas[quota], values,
                   ruleset->redact_keys, arena);
    subject->limit = &snapshot->limits[quota].limits[subject->key.limit];
    return true;
}
