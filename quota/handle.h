/*
 * The opaque handle that a Check with leases returns: it names every lease and
 * alone releases all of them, on any replica that shares the store, after any
 * reload. Text: base64url of a version byte, a count, and for each lease the
 * quota's name (length before it), key and id.
 * Pure; any thread.
 */
#ifndef QUOTA_HANDLE_H
#define QUOTA_HANDLE_H

#include "policy/base/arena.h"
#include "quota/store.h"

/* Quota names are 1 .. QUOTA_NAME_MAX bytes; the loader sees to it. */
#define QUOTA_NAME_MAX 64
/* More than the longest handle. */
#define HANDLE_TEXT_MAX 1280

/* The handle of `count` leases (1 .. QUOTAS_PER_CHECK_MAX), in `arena`; an
 * empty view if its limit does not allow it. */
struct str handle_encode(const struct lease_name *leases, uint32_t count,
                         struct arena *arena);

/* Fills release->leases and count; names live in `arena`. False if `text` is
 * no handle that this version understands. */
bool handle_decode(struct str text, struct release *release,
                   struct arena *arena);

#endif
