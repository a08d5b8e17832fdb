#include "config/load.h"

#include "policy/attr/bag.h"

/* A rule that is skipped where an attribute is absent protects nobody there.
 * What a request without any attribute makes fail is found; what fails only
 * with some of them is not. */
static bool fails_when_absent(struct load *load, const struct code *code,
                              struct eval_error *error)
{
    struct arena scratch;
    struct value value;
    struct bag bag;
    enum eval_status status;

    if (!code)
        return false;
    arena_init(&scratch, 0);
    bag_init(&bag, load->snapshot->vocabulary, &scratch);
    status = code_eval(code, &bag, &value, error);
    arena_fini(&scratch);
    return status == EVAL_ABSENT;
}

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

static void warn_of_quota(struct load *load, const struct rule *rule,
                          uint32_t index)
{
    const struct quota_spec *spec = &load->snapshot->ruleset.quotas[index];
    const struct quota_entry *quotas = load->document->quotas.items;
    const struct quota_entry *quota = &quotas[index];
    struct eval_error error;

    if (fails_when_absent(load, spec->match, &error))
        warn(load, rule, &quota->match, &error);
    for (uint32_t i = 0; i < spec->dimension_count; i++)
        if (fails_when_absent(load, spec->dimensions[i].code, &error))
            warn(load, rule, &quota->dimensions.items[i], &error);
}

void load_warn(struct load *load)
{
    const struct ruleset *ruleset = &load->snapshot->ruleset;
    const struct rule_entry *entries = load->document->rules.items;
    struct eval_error error;

    for (uint32_t i = 0; i < ruleset->rule_count && !load_is_full(load); i++) {
        const struct rule *rule = &ruleset->rules[i];

        if (rule->on_error != ON_ERROR_SKIP ||
            mark_find(entries[i].mark, "on_error"))
            continue;
        if (fails_when_absent(load, rule->match, &error))
            warn(load, rule, &entries[i].match, &error);
        for (uint32_t j = 0; j < rule->quota_count; j++)
            warn_of_quota(load, rule, rule->quotas[j]);
    }
}
