#include "config/load.h"

#include "policy/base/nearest.h"

#include <inttypes.h>

/* The one form in which names that differ by case only are equal. */
static struct str fold_case(struct str name, struct arena *arena)
{
    char *folded = arena_alloc(arena, name.len + 1);

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){ folded, name.len };
}

uint32_t load_find_quota(const struct load *load, struct str name)
{
    const struct quota_entry *first = load->document->quotas.items;
    const struct quota_entry *quota =
        table_find(&load->quotas, fold_case(name, &load->snapshot->arena));

    return quota ? (uint32_t)(quota - first) : UINT32_MAX;
}

static void add_name(struct load *load, struct quota_entry *quota)
{
    struct str name = fold_case(quota->name, &load->snapshot->arena);

    if (name.len > 0 && table_put(&load->quotas, name, quota) != quota)
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(quota->mark, "name")),
                  "there is a quota `%.*s` already (case does not matter)",
                  STR_ARG(quota->name));
}

/* ---- overrides --------------------------------------------------------- */

static uint32_t find_dimension(const struct quota_entry *quota, struct str name)
{
    for (uint32_t i = 0; i < quota->dimensions.count; i++)
        if (str_eq(quota->dimensions.items[i].mark->name, name))
            return i;
    return UINT32_MAX;
}

static void refuse_dimension(struct load *load, const struct quota_entry *quota,
                             const struct mark *mark)
{
    struct nearest nearest;
    struct str hint = STR("");

    nearest_init(&nearest, mark->name);
    for (uint32_t i = 0; i < quota->dimensions.count; i++)
        nearest_offer(&nearest, quota->dimensions.items[i].mark->name);
    if (nearest_name(&nearest).len > 0)
        hint = arena_printf(&load->snapshot->arena, ", did you mean `%.*s`?",
                            STR_ARG(nearest_name(&nearest)));
    diags_add(load->diags, DIAG_ERROR, mark_name_place(mark),
              "the quota has no dimension `%.*s`%.*s", STR_ARG(mark->name),
              STR_ARG(hint));
}

/* One value per dimension; data == NULL where any will do. */
static struct override_when make_when(struct load *load,
                                      const struct quota_entry *quota,
                                      const struct override_entry *override)
{
    struct str *values = arena_calloc(&load->snapshot->arena,
                                      quota->dimensions.count, sizeof(*values));

    for (uint32_t i = 0; i < override->when.count; i++) {
        const struct text *wanted = &override->when.items[i];
        uint32_t index = find_dimension(quota, wanted->mark->name);

        if (index == UINT32_MAX)
            refuse_dimension(load, quota, wanted->mark);
        else
            values[index] = wanted->text;
    }
    return (struct override_when){ values, override->is_unlimited };
}

static void make_overrides(struct load *load, const struct quota_entry *quota,
                           struct quota_spec *spec, struct quota_limits *limits)
{
    const struct override_entry *entries = quota->overrides.items;
    uint32_t count = quota->overrides.count;
    struct arena *arena = &load->snapshot->arena;
    struct override_when *whens = arena_calloc(arena, count, sizeof(*whens));
    struct limit *all = arena_calloc(arena, count + 1, sizeof(*all));

    all[0] = load_limit(quota, NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].mark->kind == MARK_GROUP)
            load_check_override(load, quota, &entries[i]);
        whens[i] = make_when(load, quota, &entries[i]);
        all[i + 1] = load_limit(quota, &entries[i]);
    }
    spec->overrides = whens;
    spec->override_count = count;
    limits->limits = all;
    limits->limit_count = count + 1;
}

/* ---- dimensions and identity ------------------------------------------- */

static void make_dimensions(struct load *load, const struct quota_entry *quota,
                            struct quota_spec *spec)
{
    uint32_t count = quota->dimensions.count;
    struct dimension *dimensions =
        arena_calloc(&load->snapshot->arena, count, sizeof(*dimensions));

    for (uint32_t i = 0; i < count; i++) {
        const struct text *text = &quota->dimensions.items[i];

        dimensions[i] = (struct dimension){
            arena_copy(&load->snapshot->arena, text->mark->name),
            load_text_expression(load, text, "a dimension"),
        };
    }
    spec->dimensions = dimensions;
    spec->dimension_count = count;
}

/* Each part with its length before it, so that no name can imitate another
 * division into parts. */
static struct str append_part(struct str identity, struct str part,
                              struct arena *arena)
{
    return arena_printf(arena, "%.*s%zu:%.*s,", STR_ARG(identity), part.len,
                        STR_ARG(part));
}

/* Neither amount nor burst or lease take part, nor the period of a token
 * bucket: what is in use keeps its meaning when those change. What was used in
 * one window says nothing of another one. */
static struct str make_identity(struct load *load,
                                const struct quota_entry *quota,
                                const struct quota_spec *spec,
                                const struct limit *limit)
{
    static const struct str algorithms[] = {
#define X(name, text) [LIMIT_##name] = STR_INIT(text),
        LIMIT_ALGORITHMS(X)
#undef X
    };
    struct arena *arena = &load->snapshot->arena;
    struct str identity = STR(""), window = load_limit_window(limit, arena);

    identity = append_part(identity, quota->name, arena);
    identity = append_part(identity, algorithms[limit->algorithm], arena);
    if (window.len > 0)
        identity = append_part(identity, window, arena);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        identity = append_part(identity, spec->dimensions[i].name, arena);
    return identity;
}

/* What stands in the first braces of a key says which node has it. */
static void check_cluster_name(struct load *load,
                               const struct quota_entry *quota)
{
    const struct store_settings *store = &load->snapshot->store;

    if (store->kind == STORE_REDIS && store->is_cluster &&
        str_starts_with(quota->name, STR("}")))
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(quota->mark, "name")),
                  "with a cluster the name must not begin with \"}\": keys of "
                  "one charge would be on several nodes");
}

static void load_quota(struct load *load, struct quota_entry *quota,
                       struct quota_spec *spec, struct quota_limits *limits)
{
    *spec = (struct quota_spec){
        .name = quota->name,
        .match = load_expression(load, &quota->match, VALUE_BOOL),
        .enforcement = load_enforcement(load, &quota->enforcement),
        .is_unlimited = quota->is_unlimited,
    };
    *limits = (struct quota_limits){ .name = quota->name,
                                     .on_outage = quota->on_outage };
    add_name(load, quota);
    check_cluster_name(load, quota);
    load_check_limit(load, quota);
    make_dimensions(load, quota, spec);
    make_overrides(load, quota, spec, limits);
    spec->identity = make_identity(load, quota, spec, &limits->limits[0]);
}

void load_quotas(struct load *load)
{
    const struct entries *entries = &load->document->quotas;
    struct snapshot *snapshot = load->snapshot;
    struct quota_entry *quotas = entries->items;
    struct quota_spec *specs =
        arena_calloc(&snapshot->arena, entries->count, sizeof(*specs));
    struct quota_limits *limits =
        arena_calloc(&snapshot->arena, entries->count, sizeof(*limits));

    for (uint32_t i = 0; i < entries->count && !load_is_full(load); i++)
        if (quotas[i].mark->kind == MARK_GROUP)
            load_quota(load, &quotas[i], &specs[i], &limits[i]);
    snapshot->ruleset.quotas = specs;
    snapshot->ruleset.quota_count = entries->count;
    snapshot->limits = limits;
}
