/*
 * The tokens of libconfig's language (version 1.5), with their positions,
 * which libconfig does not tell. Stricter than libconfig where that reads
 * something silently wrong: integers that wrap, "60s" without quotes, a NUL
 * byte, a lone point as a number, a comment that never ends.
 * Pure; any thread.
 */
#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include "policy/base/str.h"

#include <stddef.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_EQUALS, /* = or : */
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
    TOKEN_GROUP_START,
    TOKEN_GROUP_END,
    TOKEN_ARRAY_START,
    TOKEN_ARRAY_END,
    TOKEN_LIST_START,
    TOKEN_LIST_END,
    TOKEN_BOOL,
    TOKEN_INTEGER,   /* 32 bits for libconfig */
    TOKEN_INTEGER64, /* with L */
    TOKEN_FLOAT,
    TOKEN_STRING,  /* one literal, quotes included */
    TOKEN_INCLUDE, /* @include "path", up to the closing quote */
    TOKEN_BAD,     /* nothing that libconfig knows; fault says why */
};

struct token {
    enum token_kind kind;
    size_t offset, length;
    const char *fault; /* not NULL: libconfig would take it for something
                          else than what it says. A sentence */
};

struct scanner {
    struct str text;
    size_t at;
};

/* The next token. After TOKEN_END and TOKEN_BAD it returns the same again. */
struct token scan_next(struct scanner *scanner);

/* The path of a TOKEN_INCLUDE. */
struct str scan_include_path(struct str text, const struct token *token);

/*
 * The piece of a string literal at `at` (inside the quotes) that stands for
 * one byte of its value, which is stored in *byte. Returns its length: 1, or
 * 2 or 4 for an escape. A backslash that escapes nothing stands for itself.
 */
size_t scan_string_piece(struct str text, size_t at, char *byte);

#endif
