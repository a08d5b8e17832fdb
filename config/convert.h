/*
 * One setting from what is written to what is stored: checks type, unit,
 * range and syntax by its field, and shows a stored value in one form.
 * Threads: any number of loaders, each with its own arguments.
 */
#ifndef CONFIG_CONVERT_H
#define CONFIG_CONVERT_H

#include "config/field.h"
#include "config/locate.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* One value as it is written. */
struct given {
    enum mark_kind kind;
    struct str text;         /* MARK_STRING */
    int64_t integer;         /* MARK_INTEGER, MARK_INTEGER64, MARK_BOOL */
    const struct mark *mark; /* NULL: the field's default */
};

struct converter {
    struct arena *arena; /* of what is stored */
    struct diags *diags;
};

/*
 * Stores into the field's member of `target`. values: one; for arrays their
 * elements, for maps their members. False, reported, if they are not valid;
 * nothing is stored then. Not for fields that are groups.
 */
bool convert(const struct converter *converter, const struct field *field,
             const struct given *values, uint32_t count, void *target);

/* Reports that `mark` is not what the field must be. Returns false. */
bool convert_refuse(const struct converter *converter,
                    const struct field *field, const struct mark *mark);

/* What the member holds, the same for equal values. */
struct str convert_show(const struct field *field, const void *target,
                        struct arena *arena);

#endif
