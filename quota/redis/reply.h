/*
 * Reads Redis' replies out of bytes, with the reader of hiredis. Keeps of each
 * what we need: integers, the first texts, or the text of an error. Bounded
 * memory, whatever the bytes; no allocation per reply. Threads: its owner's.
 */
#ifndef QUOTA_REDIS_REPLY_H
#define QUOTA_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/read.h>

#define REPLY_INTEGERS_MAX 400
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

struct reply_reader {
    redisReader *hiredis;
    struct reply reply;
    bool is_complete; /* `reply` was given out */
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
