/*
 * All files that one configuration consists of, as bytes: the main file and
 * all that it includes. Only the master opens files; workers get the bundle in
 * a sealed memfd.
 * Threads: one at a time.
 */
#ifndef CONFIG_BUNDLE_H
#define CONFIG_BUNDLE_H

#include "config/stamp.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct bundle_file {
    struct str path;    /* as a person would name it: for messages */
    struct str text;    /* data == NULL: it could not be read */
    struct stamp stamp; /* when it was read; zero if not from disk */
};

/* files[0] is the main file; then those that it includes, then those that they
 * include. */
struct bundle {
    struct arena arena;
    struct bundle_file *files;
    uint32_t file_count;
};

#define BUNDLE_FILES_MAX 1000
#define BUNDLE_BYTES_MAX ((size_t)16 * 1024 * 1024)

/*
 * Reads `path` and all that it includes (relative to the including file).
 * False, with reasons in `diags`, if a file cannot be read or the limits are
 * exceeded; the bundle then still names what it tried, so that those files can
 * be watched. That includes are not too deep and not in a circle is checked
 * when the bundle is loaded. Free with bundle_fini either way.
 */
bool bundle_read(struct bundle *bundle, const char *path, struct diags *diags);

/* A bundle of one file that exists only as text. Copies both. */
void bundle_from_text(struct bundle *bundle, struct str path, struct str text);

/* A sealed memfd with the whole bundle; -1 with errno on failure. */
int bundle_seal(const struct bundle *bundle);

/* Reads it back. False if `fd` holds no bundle of this version. */
bool bundle_open(struct bundle *bundle, int fd);

bool bundle_equal(const struct bundle *a, const struct bundle *b);
void bundle_fini(struct bundle *bundle);

#endif
