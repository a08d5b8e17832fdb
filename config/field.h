/*
 * What there is to know of one setting, and of a group of them. The table of
 * all settings is config/schema.c.
 * Threads: any, constant.
 */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a value is written, and the C type that it is stored as. */
enum field_kind {
    FIELD_BOOL,           /* bool */
    FIELD_INTEGER,        /* an integer type */
    FIELD_BYTES,          /* an integer type */
    FIELD_DURATION,       /* int64_t, ns; or one of choices, all < 0 */
    FIELD_TIME,           /* int64_t, ns since 1970 UTC */
    FIELD_CHOICE,         /* an enum, or bool */
    FIELD_TEXT,           /* struct str */
    FIELD_HOST_PORT,      /* struct str; empty: none */
    FIELD_SOCKET,         /* struct str: unix:/path; empty: none */
    FIELD_ADDRESSES,      /* struct str_array */
    FIELD_NAMES,          /* struct texts */
    FIELD_EXPRESSION,     /* struct text */
    FIELD_AMOUNT,         /* struct text: an expression, also of an integer */
    FIELD_EXPRESSION_MAP, /* struct texts */
    FIELD_TEXT_MAP,       /* struct texts */
    FIELD_GROUP,          /* the group's struct; absent: its defaults */
    FIELD_OPTIONAL_GROUP, /* a pointer to it; absent: NULL */
    FIELD_LIST,           /* struct entries */
    FIELD_NAMED_LIST,     /* the same; an element or the whole may be a text,
                             which stands for { name = TEXT; } */
};

struct choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct field {
    const char *name;
    enum field_kind kind;
    bool is_required;
    bool needs_restart;  /* a change takes effect at the next start only */
    bool is_bound;       /* addresses: we listen there, so no name to resolve */
    size_t offset, size; /* in the group's struct */
    int64_t least, most; /* a number; bytes of a text; elements of an array */
    const char *fallback; /* as it would be written; NULL: absent is 0 */
    const struct choice *choices;
    const struct group *group;
    const char *doc; /* Markdown, for docs/config.md */
};

struct group {
    const char *doc;
    const struct field *fields;
    uint32_t field_count;
    size_t size; /* of its struct */
};

/* The field of that name, or NULL. */
const struct field *group_find(const struct group *group, struct str name);

/* The name of the field nearest to a mistyped one, or an empty view. */
struct str group_nearest(const struct group *group, struct str name);

/* Stored as one integer, an enum or a bool. */
bool field_is_integer(const struct field *field);

/* Written as several texts: an array, or the members of a map. */
bool field_has_parts(const struct field *field);

/* What must be written for a kind: "an integer", "a text in quotes", ... */
const char *field_kind_phrase(enum field_kind kind);

/* The choice of that name, or NULL. */
const struct choice *choice_find(const struct choice *choices, struct str name);

/* The name of a value. */
const char *choice_name(const struct choice *choices, int value);

#endif
