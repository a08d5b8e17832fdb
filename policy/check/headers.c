#include "policy/check/headers.h"

typedef struct header_rules header_rules_of(const struct rule *rule);

static struct header_rules request_rules(const struct rule *rule)
{
    return rule->request_headers;
}

static struct header_rules response_rules(const struct rule *rule)
{
    return rule->response_headers;
}

/* Whoever writes a value with a line break writes headers of his own. */
static bool is_header_value(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return text.len > 0;
}

/* False if it is to be left out. */
static bool make_header(const struct header_rule *rule, struct bag *bag,
                        struct header_change *header)
{
    struct value value;

    *header = (struct header_change){ .name = rule->name,
                                      .operation = rule->operation };
    if (rule->operation == HEADER_REMOVE)
        return true;
    if (code_eval(rule->value, bag, &value, NULL) != EVAL_OK)
        return false;
    header->value = value_text(&value, bag->arena);
    return is_header_value(header->value);
}

/* NULL: it has none. */
static const struct rule *passing_rule(const struct check *check, uint32_t i)
{
    const struct rule_event *event = &check->events[i];

    return event->outcome == RULE_PASSED && !event->is_shadow
               ? &check->ruleset->rules[event->rule]
               : NULL;
}

static uint32_t count_headers(const struct check *check, header_rules_of *of)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < check->event_count; i++) {
        const struct rule *rule = passing_rule(check, i);

        count += rule ? of(rule).count : 0;
    }
    return count;
}

static struct header_changes collect(struct check *check, header_rules_of *of)
{
    uint32_t most = count_headers(check, of), count = 0;
    struct header_change *items;

    if (most == 0)
        return (struct header_changes){ 0 };
    items = arena_alloc(check->bag->arena, most * sizeof(*items));
    for (uint32_t i = 0; items && i < check->event_count; i++) {
        const struct rule *rule = passing_rule(check, i);
        struct header_rules rules = { 0 };

        if (rule)
            rules = of(rule);
        for (uint32_t j = 0; j < rules.count; j++)
            if (make_header(&rules.items[j], check->bag, &items[count]))
                count++;
    }
    return (struct header_changes){ items, count };
}

void headers_collect(struct check *check)
{
    check->request_headers = collect(check, request_rules);
    check->response_headers = collect(check, response_rules);
}
