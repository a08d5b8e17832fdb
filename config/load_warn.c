#include "config/load.h"

static void warn(struct load *load, const struct rule *rule,
                 const struct text *text, const struct eval_error *error)
{
    struct str name =
        vocabulary_name(load->snapshot->vocabulary, error->attribute);

    diags_add(load->diags, DIAG_WARNING,
              mark_text_place(text->mark, error->offset, 1),
              "without `%.*s` the rule `%.*s` is skipped; give it a default "
              "with |, or set on_error",
              STR_ARG(name), STR_ARG(rule->name));
}

/* A rule that is skipped where an attribute is absent protects nobody there. */
static void warn_if_absent(struct load *load, const struct rule *rule,
                           const struct code *code, const struct text *text)
{
    struct eval_error error;

    if (code && load_find_absent(load, code, &error))
        warn(load, rule, text, &error);
}

static void warn_of_use(struct load *load, const struct rule *rule,
                        const struct quota_use *use,
                        const struct quota_use_entry *entry)
{
    const struct quota_spec *spec = &load->snapshot->ruleset.quotas[use->quota];
    const struct quota_entry *quotas = load->document->quotas.items;
    const struct quota_entry *quota = &quotas[use->quota];

    warn_if_absent(load, rule, use->amount, &entry->amount);
    warn_if_absent(load, rule, spec->match, &quota->match);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        warn_if_absent(load, rule, spec->dimensions[i].code,
                       &quota->dimensions.items[i]);
}

void load_warn(struct load *load)
{
    const struct ruleset *ruleset = &load->snapshot->ruleset;
    const struct rule_entry *entries = load->document->rules.items;

    for (uint32_t i = 0; i < ruleset->rule_count && !load_is_full(load); i++) {
        const struct quota_use_entry *uses = entries[i].quotas.items;
        const struct rule *rule = &ruleset->rules[i];

        if (rule->on_error != ON_ERROR_SKIP ||
            mark_find(entries[i].mark, "on_error"))
            continue;
        warn_if_absent(load, rule, rule->match, &entries[i].match);
        if (rule->list)
            warn_if_absent(load, rule, rule->list->value,
                           &entries[i].list->value);
        for (uint32_t j = 0; j < rule->quota_count; j++)
            warn_of_use(load, rule, &rule->quotas[j], &uses[j]);
    }
    load_warn_rules(load);
    load_warn_patterns(load);
    load_warn_leases(load);
    load_warn_store(load);
}
