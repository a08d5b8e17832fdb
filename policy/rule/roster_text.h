/*
 * Entries from text: the body of a file or an answer of a web server, one
 * entry a line. Blanks around an entry do not count; lines that are empty or
 * begin with # say nothing.
 * Threads: one at a time.
 */
#ifndef POLICY_RULE_ROSTER_TEXT_H
#define POLICY_RULE_ROSTER_TEXT_H

#include "policy/base/diag.h"
#include "policy/base/str.h"
#include "policy/rule/roster.h"

#include <stdbool.h>
#include <stdint.h>

/* Grows as needed. Entries are borrowed from where they were read. */
struct roster_entries {
    enum roster_type type;
    struct str *items;
    uint32_t count, capacity;
};

void roster_entries_init(struct roster_entries *entries, enum roster_type type);
void roster_entries_fini(struct roster_entries *entries);

/* Checks an entry and appends it. False if it is none or one too many; `why`
 * then completes "the entry ...". */
bool roster_entries_add(struct roster_entries *entries, struct str entry,
                        char why[static ROSTER_WHY_SIZE]);

/* Appends all entries of `text`, which must outlive them. name: of the file,
 * for messages. False, with reasons in `diags`, if a line is bad. */
bool roster_entries_read(struct roster_entries *entries, struct str name,
                         struct str text, struct diags *diags);

#endif
