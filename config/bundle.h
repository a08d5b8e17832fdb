/*
 * All bytes that one configuration consists of: the main file, all that it
 * includes, its lists, compiled, and its secrets. Only the master opens files;
 * workers get the bundle in a sealed memfd and map it, so lists are in memory
 * once for all of them. Threads: one at a time; once it is read, any.
 */
#ifndef CONFIG_BUNDLE_H
#define CONFIG_BUNDLE_H

#include "config/stamp.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define BUNDLE_FILES_MAX 1000
#define BUNDLE_LISTS_MAX 1000
#define BUNDLE_SECRETS_MAX 2
#define BUNDLE_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct bundle_file {
    struct str path;    /* as a person would name it: for messages */
    struct str text;    /* data == NULL: it could not be read */
    struct stamp stamp; /* when it was read; zero if not from disk */
};

struct bundle_list {
    struct str name;
    struct str block;        /* see roster.h; data == NULL: cannot be had now */
    uint64_t fingerprint[2]; /* of all that it was compiled from */
    struct str path;         /* of its file; empty: none, or not from disk */
    struct stamp stamp;      /* of that file when it was read */
};

/* A password, from a file of its own. Never to be shown. */
struct bundle_secret {
    struct str name;    /* of the setting: "store.password_file" */
    struct str text;    /* data == NULL: it could not be had */
    struct str path;    /* of its file; empty: not from disk */
    struct stamp stamp; /* of that file when it was read */
};

/* files[0] is the main file; then those that it includes, then those that they
 * include. */
struct bundle {
    struct arena arena;
    struct bundle_file *files;
    uint32_t file_count;
    struct bundle_list *lists; /* in the order of the configuration */
    uint32_t list_count;
    struct bundle_secret secrets[BUNDLE_SECRETS_MAX];
    uint32_t secret_count;
    struct str mapping; /* of a sealed one, else empty */
};

/*
 * Reads `path` and all that it includes (relative to the including file); not
 * its lists and secrets, which is bundle_add_lists. False, with reasons in
 * `diags`, if a file cannot be read or the limits are exceeded; the bundle then
 * still names what it tried, so that those files can be watched. That includes
 * are not too deep and not in a circle is checked when the bundle is loaded.
 * Free with bundle_fini either way.
 */
bool bundle_read(struct bundle *bundle, const char *path, struct diags *diags);

/* A bundle of one file that exists only as text. Copies both. */
void bundle_from_text(struct bundle *bundle, struct str path, struct str text);

/* The same files as in `source`, which must outlive it; no lists and
 * secrets yet. */
void bundle_borrow(struct bundle *bundle, const struct bundle *source);

/* A sealed memfd with the whole bundle; -1 with errno on failure. */
int bundle_seal(const struct bundle *bundle);

/* Maps it. False if `fd` holds no bundle of this version. Free with
 * bundle_fini either way. */
bool bundle_open(struct bundle *bundle, int fd);

/* The list of that name, or NULL. */
const struct bundle_list *bundle_find_list(const struct bundle *bundle,
                                           struct str name);

/* The secret that the setting of that name leads to; data == NULL: none. */
struct str bundle_find_secret(const struct bundle *bundle, struct str name);

/* Whether both mean the same. */
bool bundle_list_equal(const struct bundle_list *a,
                       const struct bundle_list *b);
bool bundle_equal(const struct bundle *a, const struct bundle *b);
void bundle_fini(struct bundle *bundle);

#endif
