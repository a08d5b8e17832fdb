/*
 * One loading under way: what the steps of snapshot_load share. Entries are
 * checked against each other and compiled; a step reports what is wrong and
 * goes on, so that one run shows all mistakes.
 * Threads: its loader.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/entry.h"
#include "config/snapshot.h"
#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/base/table.h"
#include "policy/expr/code.h"

#include <stdbool.h>
#include <stdint.h>

struct load {
    const struct mark *root;
    const struct document *document;
    struct snapshot *snapshot; /* what is compiled goes here */
    struct diags *diags;
    struct table lists;  /* name -> struct snapshot_list */
    struct table quotas; /* name in lower case -> struct quota_entry */
};

/* Whether so much was reported that nothing further would be shown. */
static inline bool load_is_full(const struct load *load)
{
    return load->diags->error_count + load->diags->warning_count >= DIAGS_MAX;
}

/* Fills server, store and log, and what of them the ruleset needs. */
void load_settings(struct load *load);

/* Declares the attributes in the snapshot's vocabulary. */
void load_attributes(struct load *load);

/* Fills snapshot.lists, one for each entry, in their order. */
void load_lists(struct load *load);

/* The list of that name, or NULL. */
const struct roster *load_find_list(const struct load *load, struct str name);

/* Fills ruleset.quotas and limits, one for each entry, in their order. */
void load_quotas(struct load *load);

/* The index of a quota by its name, without case; or UINT32_MAX. */
uint32_t load_find_quota(const struct load *load, struct str name);

/* The quota's limit, with what the override (or NULL) writes in its place. */
struct limit load_limit(const struct quota_entry *quota,
                        const struct override_entry *override);

/* Into how many buckets a rolling window is divided where nothing is said. */
#define LOAD_BUCKETS_DEFAULT 20

/* What of a window must stay for usage to be kept: its length, or its unit of
 * the calendar. Empty where usage is not kept by window. */
struct str load_limit_window(const struct limit *limit, struct arena *arena);

/* Whether what they write fits together, and to the quota's algorithm. */
void load_check_limit(struct load *load, const struct quota_entry *quota);
void load_check_override(struct load *load, const struct quota_entry *quota,
                         const struct override_entry *override);

/* Fills ruleset.rules. After load_quotas. */
void load_rules(struct load *load);

/* The list that a rule looks a value up in; mark: where. NULL if `entry` is. */
const struct list_check *load_list_check(struct load *load,
                                         const struct list_check_entry *entry,
                                         const struct mark *mark);

/* What rules charge. */
void load_quota_uses(struct load *load, const struct entries *entries,
                     struct rule *rule);

/* Headers that a rule changes, and those of a refusal. */
struct header_rules load_headers(struct load *load,
                                 const struct entries *entries);
void load_denial_headers(struct load *load, const struct texts *texts,
                         struct denial *denial);

/* Warns of what is valid but hardly meant. Only when all else is valid. */
void load_warn(struct load *load);

/* Part of it: rules that never match or never do anything, or twice. */
void load_warn_rules(struct load *load);

/* Part of it: regular expressions, of expressions and of lists. */
void load_warn_patterns(struct load *load);

/* Part of it: slots that come back late. */
void load_warn_leases(struct load *load);

/* Part of it: limits that the memory store has no room for. */
void load_warn_store(struct load *load);

/* Compiles an expression; NULL, reported at its place, if it is none of that
 * type (VALUE_NONE: any). NULL also if it is absent. */
const struct code *load_expression(struct load *load, const struct text *text,
                                   enum value_type type);

/* The same for what is needed as text: any type but STRING_MAP. what: "a
 * dimension", for the message. */
const struct code *load_text_expression(struct load *load,
                                        const struct text *text,
                                        const char *what);

struct enforcement load_enforcement(struct load *load,
                                    const struct enforcement_entry *entry);

/* What an expression comes to for a request without any attribute. */
struct probe {
    enum eval_status status;
    struct value value; /* EVAL_OK: BOOL or INT64; of other types nothing */
    bool is_constant;   /* EVAL_OK: for every request */
    struct eval_error error; /* else */
};

struct probe load_probe(const struct load *load, const struct code *code);

/* Looks for a request that the expression cannot be evaluated for because it
 * lacks an attribute: one without any, or one that passes all tests but those
 * of one attribute. There may be others. Fills *error if there is one. */
bool load_find_absent(struct load *load, const struct code *code,
                      struct eval_error *error);

#endif
