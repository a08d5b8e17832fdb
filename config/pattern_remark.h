/*
 * What is said of one regular expression: that searching for it can be too
 * dear, or that it is found where that surprises.
 * Threads: its loader.
 */
#ifndef CONFIG_PATTERN_REMARK_H
#define CONFIG_PATTERN_REMARK_H

#include "config/locate.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/expr/pattern.h"
#include "policy/expr/pattern_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a pattern stands; its place is dear to find, so only where it is said.
 */
struct spot {
    const struct mark *mark;
    size_t offset, length; /* in a text; length 0: the whole of the mark */
};

struct pattern_remarks {
    struct diags *diags;
    struct arena scratch; /* of what is looked at just now */
    uint32_t count;       /* patterns that were looked at for danger */
};

/* Warns if a text can make the search too dear; true: it did. Of one file only
 * the first thousand patterns are looked at: each takes some ten microseconds,
 * many parts that are repeated some hundred. */
bool pattern_remark_danger(struct pattern_remarks *remarks,
                           const struct pattern *pattern,
                           const struct spot *spot);

/*
 * Warns if it is not held at its ends though it is searched in what is mostly
 * meant as a whole: in a host name if it is one with dots, and in any name or
 * path if lets_pass: where it is found, a request passes that else might not.
 * use: what it is searched in. True: it did.
 */
bool pattern_remark_surprise(struct pattern_remarks *remarks,
                             const struct pattern *pattern,
                             const struct pattern_use *use, bool lets_pass,
                             const struct spot *spot);

#endif
