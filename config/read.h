/*
 * From text to typed values: hands the text to libconfig and reads its tree by
 * the schema. Unknown, missing, mistyped and out-of-range settings are
 * reported with their place; absent ones get their defaults. The only place
 * that sees libconfig.
 * Threads: any number of loaders at a time, each with its own arguments.
 */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/entry.h"
#include "config/locate.h"
#include "config/settings.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"

#include <stdbool.h>

/*
 * Reads the text that `root` was made of. Texts and settings are made in
 * `arena`. False, with reasons in `diags`, if anything is wrong; the document
 * then holds what was understood, and only for that may be checked further.
 */
bool read_document(const struct mark *root, struct document *document,
                   struct settings *settings, struct arena *arena,
                   struct diags *diags);

#endif
