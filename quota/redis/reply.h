/*
 * Reads Redis' replies out of bytes, with the reader of hiredis. Keeps of each
 * what we need: integers, the first texts, or the text of an error. Bounded
 * memory, whatever the bytes; no allocation per reply. Threads: its owner's.
 */
#ifndef QUOTA_REDIS_REPLY_H
#define QUOTA_REDIS_REPLY_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/read.h>

#define REPLY_INTEGERS_MAX 400
/* The most elements of an array that somebody listens to. */
#define REPLY_ITEMS_MAX 16384
/* The first elements of an array, and the longest of them with its NUL. */
#define REPLY_TEXTS_MAX 2
#define REPLY_TEXT_BYTES 256
/* Of a reply that is not complete yet. */
#define REPLY_BYTES_MAX 16384

enum reply_kind {
    REPLY_INTEGERS, /* one, or an array of nothing else */
    REPLY_ERROR,
    REPLY_OTHER, /* a status, a string, anything we do not ask for */
};

struct reply {
    enum reply_kind kind;
    uint32_t count;
    int64_t integers[REPLY_INTEGERS_MAX];
    /* Empty: no text, one that is too long, or one that holds a NUL. */
    char texts[REPLY_TEXTS_MAX][REPLY_TEXT_BYTES];
    char error[128]; /* cut; ends in NUL */
};

/* What is within arrays, for who needs all of it: a text or an integer. */
#define REPLY_DEPTH_MAX 4
struct reply_item {
    uint32_t depth;                 /* of arrays around it */
    uint32_t path[REPLY_DEPTH_MAX]; /* its place in each, the outermost first */
    struct str text; /* data NULL: it is an integer, or nothing */
    int64_t integer;
};

/* Hears of each item in order, while reply_next reads. Those that are deeper
 * than REPLY_DEPTH_MAX are left out. */
struct reply_listener {
    void (*hear)(void *context, const struct reply_item *item);
    void *context;
};

struct reply_reader {
    redisReader *hiredis;
    struct reply reply;
    struct reply_listener listener; /* hear NULL: nobody listens */
    bool is_complete;               /* `reply` was given out */
};

/* Stays where it is until reply_reader_fini. */
void reply_reader_init(struct reply_reader *reader);
void reply_reader_fini(struct reply_reader *reader);

enum reply_result {
    REPLY_NONE, /* feed more */
    REPLY_READY,
    REPLY_BROKEN, /* no protocol of Redis, or too long: only fini helps */
};

/* Adds bytes. False: broken. */
bool reply_feed(struct reply_reader *reader, const char *bytes, size_t len);

/* The next complete reply in reader->reply, until the next call. */
enum reply_result reply_next(struct reply_reader *reader);

#endif
