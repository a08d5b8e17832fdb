/*
 * The text of a configuration as libconfig gets it, with every @include
 * replaced by what it names, and the way back: from any offset in that text to
 * file, line and column.
 * libconfig could include by itself, but it takes nested paths relative to the
 * working directory and knows no limits.
 * Threads: one at a time.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "config/bundle.h"
#include "policy/base/diag.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define INCLUDE_DEPTH_MAX 10
#define SOURCE_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* Text that was copied from one file without a gap. */
struct source_piece {
    size_t offset; /* in source.text */
    size_t file_offset;
    const struct bundle_file *file;
};

struct source {
    char *text; /* ends in NUL and holds no other */
    size_t length, capacity;
    struct source_piece *pieces;
    size_t piece_count, piece_capacity;
};

/*
 * Expands files[0] of a bundle, which must outlive the source. False, with
 * reasons in `diags`, if files include each other in a circle or too deeply,
 * if the text becomes longer than SOURCE_BYTES_MAX, or if a file ends inside a
 * string or a comment. Free with source_fini either way.
 */
bool source_expand(struct source *source, const struct bundle *bundle,
                   struct diags *diags);
void source_fini(struct source *source);

/* Where the `width` bytes at `offset` of the text were written. */
struct place source_place(const struct source *source, size_t offset,
                          size_t width);

/* Where a line (1 ..) of the text was written. */
struct place source_line_place(const struct source *source, unsigned line);

/* Where the `width` bytes at `offset` of one file are. */
struct place source_file_place(const struct bundle_file *file, size_t offset,
                               size_t width);

/*
 * The path that `included` means in the file `including`: relative to that
 * file's directory. The same file always gets the same path: `x/..` is taken
 * away, also where x is a symbolic link.
 */
struct str source_resolve(struct str including, struct str included,
                          struct arena *arena);

#endif
