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

/* Fills ruleset.quotas and limits, one for each entry, in their order. */
void load_quotas(struct load *load);

/* The index of a quota by its name, without case; or UINT32_MAX. */
uint32_t load_find_quota(const struct load *load, struct str name);

/* Fills ruleset.rules. After load_quotas. */
void load_rules(struct load *load);

/* Warns of what is valid but hardly meant. Only when all else is valid. */
void load_warn(struct load *load);

/* Compiles an expression; NULL, reported at its place, if it is none of that
 * type (VALUE_NONE: any). NULL also if it is absent. */
const struct code *load_expression(struct load *load, const struct text *text,
                                   enum value_type type);

#endif
