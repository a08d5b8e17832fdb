/*
 * A view of bytes: pointer and length. It never owns and need not end in NUL.
 * The empty string is any view of length 0; its pointer may be NULL.
 * Threads: any.
 */
#ifndef POLICY_BASE_STR_H
#define POLICY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct str {
    const char *data;
    size_t len;
};

/* A view of a string literal; STR_INIT for static initialisers. */
#define STR_INIT(literal)                                                      \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }
#define STR(literal) ((struct str)STR_INIT(literal))

/* The two arguments of printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).data

/* A view of a NUL-terminated text. */
static inline struct str str_of(const char *text)
{
    return (struct str){ text, strlen(text) };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
static inline bool str_eq_nocase(struct str a, struct str b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

static inline bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len &&
           (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 ||
            memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* The view without its first `count` bytes; count: 0 .. s.len. */
static inline struct str str_skip(struct str s, size_t count)
{
    if (count > 0) /* so that nothing is added to NULL */
        s.data += count;
    s.len -= count;
    return s;
}

/* A copy on the heap that ends in NUL: its first, if it holds others. Aborts
 * where there is no memory. */
static inline char *str_dup(struct str s)
{
    char *copy = strndup(s.len > 0 ? s.data : "", s.len);

    if (!copy)
        abort();
    return copy;
}

#endif
