#include "config/load.h"

#include "config/door.h"
#include "config/quantity.h"
#include "policy/expr/necessary.h"

/*
 * Slots of CONCURRENCY quotas that nobody gives back. A door gives back for a
 * rule unless the rule, or the quota, is only for callers of it that never do:
 * those that send an attribute which the match cannot be true without.
 */
struct warner {
    struct load *load;
    bool is_noted; /* that the callers must do it */
};

static const struct quota_entry *quota_entry(const struct load *load,
                                             uint32_t quota)
{
    return &((const struct quota_entry *)load->document->quotas.items)[quota];
}

/* ---- who gives back ---------------------------------------------------- */

/* Whether the match can only be true where the attribute is present. */
static bool needs(const struct load *load, const struct code *match,
                  struct str attribute)
{
    struct necessaries tests = code_necessaries(match);

    for (uint32_t i = 0; i < tests.count; i++)
        if (!tests.items[i].is_true_without &&
            str_eq(vocabulary_name(load->snapshot->vocabulary,
                                   tests.items[i].attribute),
                   attribute))
            return true;
    return false;
}

/* The attribute that makes a match (NULL: always true) one for silent callers
 * of a door only; data == NULL: it is for others too. */
static struct str find_silence(const struct load *load,
                               const struct code *match, enum door door)
{
    const struct silent_callers *silent = door_facts[door].silent;
    const struct str *attribute;

    if (!match || !silent)
        return (struct str){ 0 };
    for (attribute = silent->attributes; attribute->data; attribute++)
        if (needs(load, match, *attribute))
            return *attribute;
    return (struct str){ 0 };
}

/* Whether a slot that is taken where both matches hold can come back before its
 * lease ends. */
static bool can_give_back(const struct load *load, const struct code *match,
                          const struct code *other)
{
    for (enum door door = 0; door < DOOR_COUNT; door++)
        if (door_is_open(door, &load->snapshot->server) &&
            door_facts[door].giving_back != GIVING_BACK_NEVER &&
            !find_silence(load, match, door).data &&
            !find_silence(load, other, door).data)
            return true;
    return false;
}

/* Whether some door gives back by itself. */
static bool gives_back_at_end(const struct load *load)
{
    for (enum door door = 0; door < DOOR_COUNT; door++)
        if (door_is_open(door, &load->snapshot->server) &&
            door_facts[door].giving_back == GIVING_BACK_AT_END)
            return true;
    return false;
}

/* ---- what is said ------------------------------------------------------ */

static struct str lease_text(const struct load *load, uint32_t quota)
{
    return quantity_format(load->snapshot->limits[quota].limits[0].lease_ns,
                           QUANTITY_DURATION, &load->snapshot->arena);
}

/* match: the one that is for silent callers only; NULL: it is for all, but no
 * door gives back. */
static void warn(const struct load *load, uint32_t quota,
                 const struct code *match, const struct mark *mark)
{
    struct str who = STR("no caller can release them");

    for (enum door door = 0; door < DOOR_COUNT; door++) {
        struct str attribute = find_silence(load, match, door);

        if (attribute.data)
            who =
                arena_printf(&load->snapshot->arena,
                             "only %s send `%.*s`, and they never release",
                             door_facts[door].silent->name, STR_ARG(attribute));
    }
    diags_add(load->diags, DIAG_WARNING, mark_place(mark),
              "slots of `%.*s` come back only when their lease of %.*s ends: "
              "%.*s",
              STR_ARG(quota_entry(load, quota)->name),
              STR_ARG(lease_text(load, quota)), STR_ARG(who));
}

/* "; Istio 1.x sidecars never release", of the first door with such callers. */
static struct str silence_text(const struct load *load)
{
    for (enum door door = 0; door < DOOR_COUNT; door++)
        if (door_is_open(door, &load->snapshot->server) &&
            door_facts[door].silent)
            return arena_printf(&load->snapshot->arena, "; %s never release",
                                door_facts[door].silent->name);
    return STR("");
}

/* Once for a file: it is true of all its quotas, and nothing is wrong. */
static void note(struct warner *warner, uint32_t quota, const struct mark *mark)
{
    const struct load *load = warner->load;

    if (warner->is_noted || gives_back_at_end(load))
        return;
    warner->is_noted = true;
    diags_add(load->diags, DIAG_NOTE, mark_place(mark),
              "a slot of `%.*s` comes back when its caller releases it, else "
              "after %.*s%.*s",
              STR_ARG(quota_entry(load, quota)->name),
              STR_ARG(lease_text(load, quota)), STR_ARG(silence_text(load)));
}

/* ---- all of them ------------------------------------------------------- */

static bool is_concurrency(const struct load *load, uint32_t quota)
{
    return load->snapshot->limits[quota].limits[0].algorithm ==
           LIMIT_CONCURRENCY;
}

static void check_quota(const struct load *load, uint32_t quota)
{
    const struct code *match = load->snapshot->ruleset.quotas[quota].match;

    if (is_concurrency(load, quota) && !can_give_back(load, match, NULL))
        warn(load, quota, match,
             mark_find(quota_entry(load, quota)->mark,
                       match ? "match" : "concurrency"));
}

static void check_use(struct warner *warner, const struct rule *rule,
                      uint32_t quota, const struct mark *mark)
{
    const struct load *load = warner->load;
    const struct code *match = load->snapshot->ruleset.quotas[quota].match;

    if (!is_concurrency(load, quota) || !can_give_back(load, match, NULL))
        return; /* no slots, or said of the quota */
    if (can_give_back(load, match, rule->match))
        note(warner, quota, mark);
    else
        warn(load, quota, rule->match, mark);
}

void load_warn_leases(struct load *load)
{
    const struct ruleset *ruleset = &load->snapshot->ruleset;
    const struct rule_entry *entries = load->document->rules.items;
    struct warner warner = { .load = load };

    for (uint32_t i = 0; i < ruleset->quota_count && !load_is_full(load); i++)
        check_quota(load, i);
    for (uint32_t i = 0; i < ruleset->rule_count && !load_is_full(load); i++) {
        const struct quota_use_entry *uses = entries[i].quotas.items;
        const struct rule *rule = &ruleset->rules[i];

        for (uint32_t j = 0; j < rule->quota_count; j++)
            check_use(&warner, rule, rule->quotas[j].quota, uses[j].mark);
    }
}
