#include "config/load.h"

#include "policy/base/nearest.h"

static void refuse_quota(struct load *load, const struct text *name)
{
    const struct entries *entries = &load->document->quotas;
    const struct quota_entry *quotas = entries->items;
    struct str hint = STR("");
    struct nearest nearest;

    nearest_init(&nearest, name->text);
    for (uint32_t i = 0; i < entries->count; i++)
        nearest_offer(&nearest, quotas[i].name);
    if (nearest_name(&nearest).len > 0)
        hint = arena_printf(&load->snapshot->arena, ", did you mean `%.*s`?",
                            STR_ARG(nearest_name(&nearest)));
    diags_add(load->diags, DIAG_ERROR, mark_place(name->mark),
              "there is no quota `%.*s`%.*s", STR_ARG(name->text),
              STR_ARG(hint));
}

/* Turns names into indices; the unknown are reported and left out. */
static void resolve_quotas(struct load *load, const struct texts *names,
                           struct rule *rule)
{
    uint32_t *indices =
        arena_calloc(&load->snapshot->arena, names->count, sizeof(*indices));
    uint32_t count = 0;

    for (uint32_t i = 0; i < names->count; i++) {
        const struct text *name = &names->items[i];
        uint32_t index = load_find_quota(load, name->text);

        if (index == UINT32_MAX) {
            refuse_quota(load, name);
            continue;
        }
        for (uint32_t j = 0; j < count; j++)
            if (indices[j] == index)
                diags_add(load->diags, DIAG_ERROR, mark_place(name->mark),
                          "the rule names the quota `%.*s` twice",
                          STR_ARG(name->text));
        indices[count++] = index;
    }
    rule->quotas = indices;
    rule->quota_count = count;
}

static void load_rule(struct load *load, const struct rule_entry *entry,
                      struct rule *rule)
{
    *rule = (struct rule){
        .name = entry->name,
        .match = load_expression(load, &entry->match, VALUE_BOOL),
        .on_error = entry->on_error,
        .mode = entry->mode,
        .has_deny = entry->deny != NULL,
    };
    if (entry->deny)
        rule->deny = *entry->deny;
    resolve_quotas(load, &entry->quotas, rule);
    if (!mark_find(entry->mark, "deny") && !mark_find(entry->mark, "quota"))
        diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
                  "a rule must have `deny` or `quota`");
}

static void check_names(struct load *load)
{
    const struct entries *entries = &load->document->rules;
    struct rule_entry *rules = entries->items;
    struct table names;

    table_init(&names);
    for (uint32_t i = 0; i < entries->count && !load_is_full(load); i++)
        if (rules[i].name.len > 0 &&
            table_put(&names, rules[i].name, &rules[i]) != &rules[i])
            diags_add(load->diags, DIAG_ERROR,
                      mark_place(mark_find(rules[i].mark, "name")),
                      "there is a rule `%.*s` already", STR_ARG(rules[i].name));
    table_fini(&names);
}

void load_rules(struct load *load)
{
    const struct entries *entries = &load->document->rules;
    struct snapshot *snapshot = load->snapshot;
    const struct rule_entry *rules = entries->items;
    struct rule *compiled =
        arena_calloc(&snapshot->arena, entries->count, sizeof(*compiled));

    check_names(load);
    for (uint32_t i = 0; i < entries->count && !load_is_full(load); i++)
        if (rules[i].mark->kind == MARK_GROUP)
            load_rule(load, &rules[i], &compiled[i]);
    snapshot->ruleset.rules = compiled;
    snapshot->ruleset.rule_count = entries->count;
}
