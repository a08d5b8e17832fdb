#include "policy/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size)                             \
    ((void)(address), (void)(size))
#endif

#define ALIGNMENT alignof(max_align_t)

/* Of a chunk, header included: a call fits into one or two. */
#define CHUNK_BYTES ((size_t)16 * 1024)

struct arena_chunk {
    struct arena_chunk *older;
    size_t size_bytes; /* of data */
    size_t used_bytes;
    alignas(max_align_t) char data[];
};

struct arena_end {
    struct arena_end *earlier;
    void (*run)(void *object);
    void *object;
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){ .limit_bytes = limit_bytes };
}

static void free_chunk(struct arena_chunk *chunk)
{
    ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size_bytes);
    free(chunk);
}

static void run_ends(struct arena *arena)
{
    for (struct arena_end *end = arena->ends; end; end = end->earlier)
        end->run(end->object);
    arena->ends = NULL;
}

void arena_fini(struct arena *arena)
{
    run_ends(arena);
    while (arena->chunk) {
        struct arena_chunk *chunk = arena->chunk;

        arena->chunk = chunk->older;
        free_chunk(chunk);
    }
    arena->used_bytes = 0;
}

void arena_clear(struct arena *arena)
{
    struct arena_chunk *kept = arena->chunk;

    run_ends(arena);
    arena->used_bytes = 0;
    arena->is_exhausted = false;
    if (!kept)
        return;
    /* The oldest has the usual size; one made for a large piece is not kept. */
    while (kept->older) {
        struct arena_chunk *older = kept->older;

        free_chunk(kept);
        kept = older;
    }
    kept->used_bytes = 0;
    ASAN_POISON_MEMORY_REGION(kept->data, kept->size_bytes);
    arena->chunk = kept;
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t header = sizeof(struct arena_chunk);
    size_t data = CHUNK_BYTES - header;
    struct arena_chunk *chunk;

    /* The first one is of the usual size whatever it is for: arena_clear
     * keeps it. */
    if (size > data && arena->chunk)
        data = size;
    chunk = malloc(header + data);
    if (!chunk)
        abort();
    *chunk = (struct arena_chunk){ .older = arena->chunk, .size_bytes = data };
    ASAN_POISON_MEMORY_REGION(chunk->data, data);
    arena->chunk = chunk;
    return size > data ? add_chunk(arena, size) : chunk;
}

static void *exhausted(struct arena *arena)
{
    /* An arena without a limit is asked for sane sizes only. */
    assert(arena->limit_bytes != 0);
    arena->is_exhausted = true;
    return NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunk;
    size_t rounded;
    char *piece;

    if (__builtin_add_overflow(size, ALIGNMENT - 1, &rounded))
        return exhausted(arena);
    rounded -= rounded % ALIGNMENT;
    if (arena->limit_bytes != 0 &&
        rounded > arena->limit_bytes - arena->used_bytes)
        return exhausted(arena);
    if (!chunk || rounded > chunk->size_bytes - chunk->used_bytes)
        chunk = add_chunk(arena, rounded);
    piece = chunk->data + chunk->used_bytes;
    chunk->used_bytes += rounded;
    arena->used_bytes += rounded;
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    void *piece;

    if (__builtin_mul_overflow(count, size, &total))
        return exhausted(arena);
    piece = arena_alloc(arena, total);
    if (piece)
        memset(piece, 0, total);
    return piece;
}

struct str arena_copy(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);

    if (!copy)
        return (struct str){ 0 };
    if (s.len != 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return (struct str){ copy, s.len };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    struct str text = { 0 };
    va_list arguments;
    char *copy;
    int len;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(len >= 0);
    copy = arena_alloc(arena, (size_t)len + 1);
    if (copy) {
        va_start(arguments, format);
        vsnprintf(copy, (size_t)len + 1, format, arguments);
        va_end(arguments);
        text = (struct str){ copy, (size_t)len };
    }
    return text;
}

bool arena_on_fini(struct arena *arena, void (*run)(void *object), void *object)
{
    struct arena_end *end = arena_alloc(arena, sizeof(*end));

    if (!end)
        return false;
    *end = (struct arena_end){ arena->ends, run, object };
    arena->ends = end;
    return true;
}
