#include "config/load.h"

#include "policy/base/nearest.h"

static void refuse_quota(struct load *load, const struct quota_use_entry *entry)
{
    const struct entries *entries = &load->document->quotas;
    const struct quota_entry *quotas = entries->items;
    struct str hint = STR("");
    struct nearest nearest;

    nearest_init(&nearest, entry->name);
    for (uint32_t i = 0; i < entries->count; i++)
        nearest_offer(&nearest, quotas[i].name);
    if (nearest_name(&nearest).len > 0)
        hint = arena_printf(&load->snapshot->arena, ", did you mean `%.*s`?",
                            STR_ARG(nearest_name(&nearest)));
    diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
              "there is no quota `%.*s`%.*s", STR_ARG(entry->name),
              STR_ARG(hint));
}

/* NULL: 1. */
static const struct code *load_amount(struct load *load,
                                      const struct text *amount)
{
    const struct code *code;
    struct probe probe;

    if (!amount->mark)
        return NULL; /* not written */
    code = load_expression(load, amount, VALUE_INT64);
    if (!code)
        return NULL;
    probe = load_probe(load, code);
    if (probe.is_constant && probe.value.int64 < 1)
        diags_add(load->diags, DIAG_ERROR, mark_place(amount->mark),
                  "`amount` must be at least 1");
    return code;
}

void load_quota_uses(struct load *load, const struct entries *entries,
                     struct rule *rule)
{
    const struct quota_use_entry *items = entries->items;
    struct quota_use *uses =
        arena_calloc(&load->snapshot->arena, entries->count, sizeof(*uses));
    uint32_t count = 0;

    for (uint32_t i = 0; i < entries->count; i++) {
        const struct quota_use_entry *entry = &items[i];
        uint32_t quota = load_find_quota(load, entry->name);

        if (entry->name.len == 0)
            continue; /* reported already */
        if (quota == UINT32_MAX) {
            refuse_quota(load, entry);
            continue;
        }
        for (uint32_t j = 0; j < count; j++)
            if (uses[j].quota == quota)
                diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
                          "the rule names the quota `%.*s` twice",
                          STR_ARG(entry->name));
        uses[count++] =
            (struct quota_use){ quota, load_amount(load, &entry->amount) };
    }
    rule->quotas = uses;
    rule->quota_count = count;
}
