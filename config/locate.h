/*
 * Where everything in a configuration stands: a tree of marks, one for each
 * setting, group, list and element, in the same order as libconfig's own tree
 * of the same text. libconfig knows lines only; a mark knows the column, and
 * for any byte of a string's value where that byte was written.
 * Threads: one at a time; a finished tree any.
 */
#ifndef CONFIG_LOCATE_H
#define CONFIG_LOCATE_H

#include "config/source.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beyond these, a text is refused before libconfig sees it: it searches the
 * members of a group one by one, and frees a tree by recursion. */
#define SETTING_DEPTH_MAX 32
#define GROUP_MEMBERS_MAX 256
#define SETTINGS_MAX 1000000

enum mark_kind {
    MARK_GROUP,
    MARK_ARRAY,
    MARK_LIST,
    MARK_BOOL,
    MARK_INTEGER,
    MARK_INTEGER64,
    MARK_FLOAT,
    MARK_STRING,
};

struct mark {
    const struct source *source;
    const struct mark *parent; /* NULL: the whole configuration, a group */
    struct mark *first, *next; /* children; sibling */
    enum mark_kind kind;
    uint32_t index; /* among its siblings */
    uint32_t child_count;
    bool is_faulty;  /* reported already: not to be believed */
    struct str name; /* empty: an element of an array or a list */
    size_t name_offset;
    size_t offset, end; /* of the value */
};

/*
 * Makes the tree in `arena`. NULL, with reasons in `diags`, if libconfig would
 * not read the text, or not the whole of it. Faults that concern one value
 * only are reported and marked is_faulty.
 */
const struct mark *locate(const struct source *source, struct arena *arena,
                          struct diags *diags);

/* The member of a group, or NULL. */
const struct mark *mark_find(const struct mark *group, const char *name);

/* A group, an array or a list. */
bool mark_kind_has_parts(enum mark_kind kind);

/* "a group { }", "an integer", ... */
const char *mark_kind_phrase(enum mark_kind kind);

/* "quotas[0].rate.amount"; empty for the whole. */
struct str mark_path(const struct mark *mark, struct arena *arena);

/* Where the value is (of what has several lines: its first byte). */
struct place mark_place(const struct mark *mark);

/* Where the name is; of an element, where it begins. */
struct place mark_name_place(const struct mark *mark);

/* Where [offset, offset + length) of a string's value was written. */
struct place mark_text_place(const struct mark *mark, size_t offset,
                             size_t length);

#endif
