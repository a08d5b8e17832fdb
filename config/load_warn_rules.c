#include "config/load.h"

#include "policy/expr/necessary.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static struct rule_entry *entry_of(const struct load *load, uint32_t rule)
{
    struct rule_entry *entries = load->document->rules.items;

    return &entries[rule];
}

/* ---- rules that never match -------------------------------------------- */

static bool is_constant(const struct load *load, const struct code *match,
                        bool value)
{
    struct probe probe = load_probe(load, match);

    return probe.is_constant && probe.value.boolean == value;
}

/* No value passes both; what an absent one does is another matter. */
static bool exclude_values(const struct necessary *a, const struct necessary *b)
{
    if (a->kind == NECESSARY_EQUAL && b->kind == NECESSARY_EQUAL)
        return !str_eq(a->literal, b->literal);
    if (a->kind == NECESSARY_EQUAL)
        return !str_starts_with(a->literal, b->literal);
    if (b->kind == NECESSARY_EQUAL)
        return !str_starts_with(b->literal, a->literal);
    return !str_starts_with(a->literal, b->literal) &&
           !str_starts_with(b->literal, a->literal);
}

static bool exclude_each_other(const struct necessary *a,
                               const struct necessary *b)
{
    if (a->attribute != b->attribute || !a->key.data != !b->key.data ||
        (a->key.data && !str_eq(a->key, b->key)) || !exclude_values(a, b))
        return false;
    /* Absent, both may hold by their defaults. */
    return !(a->is_open_without && b->is_open_without) &&
           !(a->key.data && a->is_open_without_key && b->is_open_without_key);
}

/* The first test that one before it excludes; NULL: there is none. */
static const struct necessary *find_contradiction(const struct code *match)
{
    struct necessaries tests = code_necessaries(match);

    for (uint32_t i = 0; i < tests.count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (exclude_each_other(&tests.items[i], &tests.items[j]))
                return &tests.items[i];
    return NULL;
}

static void warn_of_no_match(struct load *load, uint32_t number)
{
    const struct rule *rule = &load->snapshot->ruleset.rules[number];
    const struct text *text = &entry_of(load, number)->match;
    const struct necessary *test;

    if (!rule->match)
        return;
    test = find_contradiction(rule->match);
    if (test)
        diags_add(
            load->diags, DIAG_WARNING, mark_place(text->mark),
            "the rule `%.*s` never matches: `%.*s%s%.*s%s` cannot have "
            "two values",
            STR_ARG(rule->name),
            STR_ARG(
                vocabulary_name(load->snapshot->vocabulary, test->attribute)),
            test->key.data ? "['" : "", test->key.data ? (int)test->key.len : 0,
            test->key.data ? test->key.data : "", test->key.data ? "']" : "");
    else if (is_constant(load, rule->match, false))
        diags_add(load->diags, DIAG_WARNING, mark_place(text->mark),
                  "the rule `%.*s` never matches", STR_ARG(rule->name));
}

/* ---- rules that are never asked ---------------------------------------- */

/* Whatever it matches is over. A list may refuse, and a quota's key may not be
 * evaluated; then it is not. */
static bool always_ends(const struct rule *rule)
{
    return rule->allows && !rule->list && rule->quota_count == 0 &&
           !rule->active && rule->enforcement.mode == MODE_ENFORCE &&
           !rule->enforcement.by;
}

/* Rules that end the evaluation for all that they match, by namespace and
 * match: "namespace" and the text of a match, each with its length. */
struct endings {
    struct table table;
    struct arena *arena;
};

static struct str ending_key(const struct endings *endings,
                             struct str namespace, struct str match)
{
    return arena_printf(endings->arena, "%zu:%.*s%.*s", namespace.len,
                        (int)namespace.len,
                        namespace.data ? namespace.data : "", (int)match.len,
                        match.data ? match.data : "");
}

/* "": a match that always holds. */
static struct str match_text(const struct load *load, const struct rule *rule)
{
    if (!rule->match || is_constant(load, rule->match, true))
        return STR("");
    return code_text(rule->match);
}

/* A rule before this one that lets nothing come to it, or NULL. */
static const struct rule_entry *find_ending(const struct load *load,
                                            const struct endings *endings,
                                            const struct rule *rule)
{
    const struct str everywhere = { 0 };
    const struct str namespaces[] = { everywhere, rule->namespace };
    struct str match = match_text(load, rule);

    for (size_t i = 0; i < 2; i++) {
        const struct rule_entry *ending = table_find(
            &endings->table, ending_key(endings, namespaces[i], STR("")));

        /* If the same match cannot be evaluated, both rules are skipped. */
        if (!ending && rule->on_error == ON_ERROR_SKIP)
            ending = table_find(&endings->table,
                                ending_key(endings, namespaces[i], match));
        if (ending)
            return ending;
    }
    return NULL;
}

static void warn_if_not_asked(struct load *load, struct endings *endings,
                              uint32_t number)
{
    const struct rule *rule = &load->snapshot->ruleset.rules[number];
    struct rule_entry *entry = entry_of(load, number);
    const struct rule_entry *ending = find_ending(load, endings, rule);

    if (ending)
        diags_add(load->diags, DIAG_WARNING,
                  mark_place(mark_find(entry->mark, "name")),
                  "the rule `%.*s` never does anything: the rule `%.*s` before "
                  "it allows what it matches",
                  STR_ARG(rule->name), STR_ARG(ending->name));
    else if (always_ends(rule))
        table_put(&endings->table,
                  ending_key(endings, rule->namespace, match_text(load, rule)),
                  entry);
}

/* ---- rules that say the same ------------------------------------------- */

struct identity {
    XXH64_hash_t low, high;
};

/* One key of a rule, with all that is in it; moves *i behind it. */
static XXH128_hash_t hash_key(const struct settings *settings, size_t prefix,
                              uint32_t *i, XXH3_state_t *state)
{
    uint32_t depth = settings->items[*i].depth;

    XXH3_128bits_reset(state);
    do {
        struct str key = str_skip(settings->items[*i].path, prefix);
        struct str value = settings->items[*i].value;

        XXH3_128bits_update(state, key.data, key.len);
        XXH3_128bits_update(state, "=", 1);
        if (value.len > 0)
            XXH3_128bits_update(state, value.data, value.len);
        XXH3_128bits_update(state, ";", 1);
        ++*i;
    } while (*i < settings->count && settings->items[*i].depth > depth);
    return XXH3_128bits_digest(state);
}

static bool is_part(const struct settings *settings, uint32_t i,
                    const struct setting *rule)
{
    return i < settings->count && settings->items[i].depth > rule->depth &&
           str_starts_with(settings->items[i].path, rule->path);
}

/* What is written of a rule but its name, in whatever order. settings->items[i]
 * is the rule; moves *i behind it. */
static struct identity hash_rule(const struct settings *settings, uint32_t *i,
                                 XXH3_state_t *state)
{
    const struct setting *rule = &settings->items[*i];
    struct identity identity = { 0 };

    ++*i;
    while (is_part(settings, *i, rule)) {
        bool is_name = str_eq(
            str_skip(settings->items[*i].path, rule->path.len), STR(".name"));
        XXH128_hash_t hash = hash_key(settings, rule->path.len, i, state);

        if (is_name)
            continue;
        identity.low += hash.low64;
        identity.high += hash.high64;
    }
    return identity;
}

static void warn_of_copies(struct load *load, struct arena *scratch)
{
    const struct settings *settings = &load->snapshot->settings;
    XXH3_state_t *state = XXH3_createState();
    struct table hashes;
    uint32_t i = 0, number = 0;

    table_init(&hashes);
    while (i < settings->count && !load_is_full(load)) {
        const struct setting *setting = &settings->items[i];
        const struct rule_entry *first;
        struct rule_entry *entry;
        struct identity identity;

        if (setting->depth != 0 ||
            !str_starts_with(setting->path, STR("rules."))) {
            i++;
            continue;
        }
        entry = entry_of(load, number++);
        identity = hash_rule(settings, &i, state);
        first =
            table_put(&hashes,
                      arena_copy(scratch, (struct str){ (const char *)&identity,
                                                        sizeof(identity) }),
                      entry);
        if (first != entry)
            diags_add(load->diags, DIAG_WARNING,
                      mark_place(mark_find(entry->mark, "name")),
                      "the rule `%.*s` says the same as `%.*s`",
                      STR_ARG(entry->name), STR_ARG(first->name));
    }
    table_fini(&hashes);
    XXH3_freeState(state);
}

/* ---- all of them ------------------------------------------------------- */

static void warn_of_validity(struct load *load, uint32_t number)
{
    const struct ruleset *ruleset = &load->snapshot->ruleset;
    const struct mark *mark =
        mark_find(entry_of(load, number)->mark, "valid_for");

    if (ruleset->rules[number].valid_for_ns > ruleset->valid_for_ns)
        diags_add(load->diags, DIAG_WARNING, mark_place(mark),
                  "no answer is valid for longer than `server.valid_for`");
}

void load_warn_rules(struct load *load)
{
    uint32_t count = load->snapshot->ruleset.rule_count;
    struct endings endings;
    struct arena scratch;

    arena_init(&scratch, 0);
    endings.arena = &scratch;
    table_init(&endings.table);
    for (uint32_t i = 0; i < count && !load_is_full(load); i++) {
        warn_of_no_match(load, i);
        warn_if_not_asked(load, &endings, i);
        warn_of_validity(load, i);
    }
    warn_of_copies(load, &scratch);
    table_fini(&endings.table);
    arena_fini(&scratch);
}
