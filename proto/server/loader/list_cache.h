/*
 * The last good text of a list, kept in a file for the next start. The file's
 * time of modification is when the list was last confirmed.
 * Threads: one at a time.
 */
#ifndef PROTO_SERVER_LOADER_LIST_CACHE_H
#define PROTO_SERVER_LOADER_LIST_CACHE_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *text: to be freed. age_ns: since it was confirmed, >= 0. False with errno
 * if there is none, or one longer than `most`. */
bool list_cache_read(const char *path, size_t most, char **text, size_t *len,
                     int64_t *age_ns);

/* Replaces it as a whole, whatever happens meanwhile. False with errno. */
bool list_cache_write(const char *path, struct str text);

/* It was confirmed just now. False with errno. */
bool list_cache_touch(const char *path);

#endif
