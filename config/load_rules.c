#include "config/load.h"

#include "policy/rule/scope.h"

static const struct denial *load_denial(struct load *load,
                                        const struct deny_entry *entry)
{
    struct denial *denial;

    if (!entry)
        return NULL;
    denial = arena_alloc(&load->snapshot->arena, sizeof(*denial));
    *denial = (struct denial){
        .code = entry->code,
        .message = entry->message,
        .http_status = entry->http_status,
        .body = entry->body,
    };
    load_denial_headers(load, &entry->headers, denial);
    return denial;
}

static const struct window *load_window(struct load *load,
                                        const struct rule_entry *rule)
{
    const struct active_entry *entry = rule->active;
    struct window *window;

    if (!entry)
        return NULL;
    window = arena_alloc(&load->snapshot->arena, sizeof(*window));
    *window = (struct window){
        .from_ns = entry->from_ns ? entry->from_ns : INT64_MIN,
        .to_ns = entry->to_ns ? entry->to_ns : INT64_MAX,
    };
    if (window->from_ns >= window->to_ns)
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(rule->mark, "active")),
                  "`from` must be before `to`");
    return window;
}

/* ---- what cannot be together ------------------------------------------- */

/* What makes a rule do something. */
static const char *const actions[] = { "deny",
                                       "list",
                                       "quota",
                                       "allow",
                                       "request_headers",
                                       "response_headers",
                                       "valid_for",
                                       "valid_uses" };

static bool has_action(const struct rule_entry *entry)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (mark_find(entry->mark, actions[i]))
            return true;
    return false;
}

static void check_actions(struct load *load, const struct rule_entry *entry)
{
    bool refuses = mark_find(entry->mark, "deny") &&
                   !mark_find(entry->mark, "list") &&
                   !mark_find(entry->mark, "quota");

    if (!has_action(entry))
        diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
                  "a rule must do something: `deny`, `list`, `quota`, `allow`, "
                  "`request_headers`, `response_headers`, `valid_for` or "
                  "`valid_uses`");
    if (refuses && entry->allow)
        diags_add(load->diags, DIAG_ERROR,
                  mark_name_place(mark_find(entry->mark, "allow")),
                  "a rule that refuses what matches cannot allow it");
    if (refuses &&
        (entry->request_headers.count > 0 || entry->response_headers.count > 0))
        diags_add(load->diags, DIAG_ERROR, mark_place(entry->mark),
                  "a rule that refuses what matches changes no headers of "
                  "it; those of the refusal are `deny.headers`");
}

/* ---- rules ------------------------------------------------------------- */

static void load_rule(struct load *load, const struct rule_entry *entry,
                      struct rule *rule)
{
    bool has_for = mark_find(entry->mark, "valid_for") != NULL;
    bool has_uses = mark_find(entry->mark, "valid_uses") != NULL;

    *rule = (struct rule){
        .name = entry->name,
        .namespace = entry->namespace,
        .match = load_expression(load, &entry->match, VALUE_BOOL),
        .active = load_window(load, entry),
        .on_error = entry->on_error,
        .enforcement = load_enforcement(load, &entry->enforcement),
        .list =
            load_list_check(load, entry->list, mark_find(entry->mark, "list")),
        .deny = load_denial(load, entry->deny),
        .request_headers = load_headers(load, &entry->request_headers),
        .response_headers = load_headers(load, &entry->response_headers),
        .allows = entry->allow,
        .valid_for_ns = has_for ? entry->valid_for_ns : VALIDITY_NOT_GIVEN,
        .valid_uses = has_uses ? entry->valid_uses : VALIDITY_NOT_GIVEN,
    };
    load_quota_uses(load, &entry->quotas, rule);
    check_actions(load, entry);
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
    scopes_build(&snapshot->ruleset, true, snapshot->vocabulary,
                 &snapshot->arena);
}
