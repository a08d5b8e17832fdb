/*
 * Memory that is given out piece by piece and taken back all at once: that of
 * one call, or of one loaded configuration. Nothing in it is freed singly.
 * Under AddressSanitizer, memory that was cleared is poisoned.
 * Threads: one at a time; once nothing is allocated any more, any may read.
 */
#ifndef POLICY_BASE_ARENA_H
#define POLICY_BASE_ARENA_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena {
    struct arena_chunk *chunk; /* the one in use; older ones hang behind it */
    struct arena_end *ends;    /* what arena_on_fini was told, last first */
    size_t used_bytes;         /* handed out since init or clear */
    size_t limit_bytes;        /* 0: none */
    bool is_exhausted;         /* the limit was hit since init or clear */
};

/* limit_bytes: the most it ever hands out between two clears; 0: no limit. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* Frees all. A zeroed arena is fine, and empty afterwards. */
void arena_fini(struct arena *arena);

/* Takes back everything that was handed out; keeps one chunk for the next. */
void arena_clear(struct arena *arena);

/*
 * `size` bytes, aligned for any type, not initialised. NULL only if the limit
 * would be exceeded, so never from an arena without one. When the machine is
 * out of memory, the process aborts.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, zeroed; `count` elements of `size` bytes. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);

/*
 * A copy of `s`, followed by a NUL that its length does not count. Where the
 * limit would be exceeded: an empty view whose pointer is NULL.
 */
struct str arena_copy(struct arena *arena, struct str s);

/* Formatted as by printf; else as arena_copy. */
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * For what lives in the arena but owns something beyond its memory: run(object)
 * is called once, when the arena is next cleared or finished, while its memory
 * is still there; what was told last is called first. `run` may not use the
 * arena. False, and nothing is remembered, if the limit would be exceeded.
 */
bool arena_on_fini(struct arena *arena, void (*run)(void *object),
                   void *object);

#endif
