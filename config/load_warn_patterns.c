#include "config/load.h"

#include "config/pattern_remark.h"

struct warner {
    struct load *load;
    struct pattern_remarks remarks;
};

/* ---- of expressions ---------------------------------------------------- */

static void check_uses(struct warner *warner, const struct text *text,
                       bool lets_pass)
{
    struct pattern_uses uses =
        pattern_uses_find(text->text, &warner->remarks.scratch);

    for (uint32_t i = 0; i < uses.count; i++) {
        const struct pattern_use *use = &uses.items[i];
        const struct spot spot = { text->mark, use->span.offset,
                                   use->span.length };
        const struct pattern *pattern =
            pattern_parse(use->pattern, &warner->remarks.scratch);

        if (!pattern)
            continue;
        pattern_remark_danger(&warner->remarks, pattern, &spot);
        pattern_remark_surprise(&warner->remarks, pattern, use,
                                lets_pass && use->is_asserted, &spot);
    }
}

static bool has_call(struct str text)
{
    struct str name = STR("matches");

    return text.data && memmem(text.data, text.len, name.data, name.len);
}

static void check_text(struct warner *warner, const struct text *text,
                       bool lets_pass)
{
    if (!has_call(text->text) || load_is_full(warner->load))
        return;
    check_uses(warner, text, lets_pass);
    arena_clear(&warner->remarks.scratch);
}

static void check_headers(struct warner *warner, const struct entries *entries)
{
    const struct header_entry *headers = entries->items;

    for (uint32_t i = 0; i < entries->count; i++)
        check_text(warner, &headers[i].value, false);
}

static void check_rule(struct warner *warner, const struct rule_entry *rule)
{
    const struct quota_use_entry *uses = rule->quotas.items;

    check_text(warner, &rule->match, rule->allow);
    check_text(warner, &rule->enforcement.by, false);
    if (rule->list)
        check_text(warner, &rule->list->value, false);
    for (uint32_t i = 0; i < rule->quotas.count; i++)
        check_text(warner, &uses[i].amount, false);
    check_headers(warner, &rule->request_headers);
    check_headers(warner, &rule->response_headers);
}

static void check_quota(struct warner *warner, const struct quota_entry *quota)
{
    check_text(warner, &quota->match, false);
    check_text(warner, &quota->enforcement.by, false);
    for (uint32_t i = 0; i < quota->dimensions.count; i++)
        check_text(warner, &quota->dimensions.items[i], false);
}

/* ---- of lists ---------------------------------------------------------- */

/* Entries of the configuration come first, then those of the file or url. */
static struct spot spot_of(const struct list_entry *entry, uint32_t number,
                           struct str pattern)
{
    const struct mark *origin;

    if (number < entry->entries.count)
        return (struct spot){ entry->entries.items[number].mark, 0,
                              pattern.len };
    origin = mark_find(entry->mark, "file");
    return (struct spot){ origin ? origin : mark_find(entry->mark, "url"), 0,
                          0 };
}

/* Says something of the patterns of a list; true: enough was said of those that
 * are not in the configuration itself. */
typedef bool remark(struct warner *warner, const struct pattern *pattern,
                    const struct spot *spot, const void *context);

static void for_each_pattern(struct warner *warner, uint32_t list, remark *say,
                             const void *context)
{
    const struct list_entry *entry =
        &((const struct list_entry *)warner->load->document->lists.items)[list];
    const struct roster *roster = warner->load->snapshot->lists[list].roster;
    struct str text = { 0 };

    if (roster_type(roster) != ROSTER_REGEX)
        return;
    for (uint32_t i = 0; !load_is_full(warner->load); i++) {
        const struct pattern *pattern;
        struct spot spot;
        bool is_said;

        text = roster_next_pattern(roster, text);
        if (!text.data)
            return;
        pattern = pattern_parse(text, &warner->remarks.scratch);
        spot = spot_of(entry, i, text);
        is_said = pattern && say(warner, pattern, &spot, context);
        arena_clear(&warner->remarks.scratch);
        if (is_said && i >= entry->entries.count)
            return;
    }
}

static bool say_danger(struct warner *warner, const struct pattern *pattern,
                       const struct spot *spot, const void *context)
{
    (void)context;
    return pattern_remark_danger(&warner->remarks, pattern, spot);
}

/* How a rule looks something up. */
struct look_up {
    struct pattern_use use; /* only what is looked up */
    bool lets_pass;
};

static bool say_surprise(struct warner *warner, const struct pattern *pattern,
                         const struct spot *spot, const void *context)
{
    const struct look_up *look_up = context;

    return pattern_remark_surprise(&warner->remarks, pattern, &look_up->use,
                                   look_up->lets_pass, spot);
}

static uint32_t find_list(const struct load *load, const struct roster *roster)
{
    uint32_t i = 0;

    while (load->snapshot->lists[i].roster != roster)
        i++;
    return i;
}

static void check_look_up(struct warner *warner, const struct rule *rule)
{
    struct look_up look_up;
    struct arena subject;

    if (!rule->list || roster_type(rule->list->roster) != ROSTER_REGEX)
        return;
    arena_init(&subject, 0);
    look_up.use =
        pattern_use_of_subject(code_text(rule->list->value), &subject);
    look_up.lets_pass = !rule->list->refuses_members;
    for_each_pattern(warner, find_list(warner->load, rule->list->roster),
                     say_surprise, &look_up);
    arena_fini(&subject);
}

/* ---- all of them ------------------------------------------------------- */

void load_warn_patterns(struct load *load)
{
    const struct document *document = load->document;
    const struct quota_entry *quotas = document->quotas.items;
    const struct rule_entry *rules = document->rules.items;
    struct warner warner = { .load = load, .remarks.diags = load->diags };

    arena_init(&warner.remarks.scratch, 0);
    for (uint32_t i = 0; i < document->lists.count; i++)
        for_each_pattern(&warner, i, say_danger, NULL);
    for (uint32_t i = 0; i < document->quotas.count; i++)
        check_quota(&warner, &quotas[i]);
    for (uint32_t i = 0; i < document->rules.count; i++) {
        check_rule(&warner, &rules[i]);
        check_look_up(&warner, &load->snapshot->ruleset.rules[i]);
    }
    arena_fini(&warner.remarks.scratch);
}
