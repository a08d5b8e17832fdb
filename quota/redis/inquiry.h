/*
 * Asks several servers the same question, one after the other, until one knows
 * the answer: beginning with the one that last knew it, each for
 * INQUIRY_PATIENCE_NS at most, on a connection of its own. Does no I/O of its
 * own accord, as the store.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_INQUIRY_H
#define QUOTA_REDIS_INQUIRY_H

#include "policy/base/clock.h"
#include "quota/redis/address.h"
#include "quota/redis/connection.h"
#include "quota/redis/login.h"
#include "quota/redis/redis.h"

#include <stdbool.h>
#include <stdint.h>

#define INQUIRY_PATIENCE_NS (250 * MILLISECOND)

/* Those that are given at the start, and as many that are found. */
#define INQUIRY_SERVERS_MAX (REDIS_SERVERS_MAX + STORE_FDS_MAX)

struct inquiry_question {
    const char *whom; /* is asked, in a word, for people */
    /* Writes the question. False: no room. */
    bool (*put)(void *context, struct outbox *outbox);
    /* NULL: the reply is an answer. Else why it is none. */
    const char *(*read)(void *context, const struct reply *reply);
};

struct inquiry {
    const struct inquiry_question *question;
    void *context;
    struct address addresses[INQUIRY_SERVERS_MAX];
    char *servers[INQUIRY_SERVERS_MAX]; /* as they were given */
    uint32_t count, given_count;
    struct login login;

    bool is_asking;
    uint32_t current;     /* the one that is asked, or was last */
    uint32_t asked_count; /* since inquiry_ask */
    struct connection connection;
    bool awaits_login;    /* the next reply is to that */
    int64_t until_ns;     /* the patience with this one ends */
    int64_t lookup_at_ns; /* look for its address again; INT64_MAX: no */

    /* What came of it. */
    bool is_answered;
    char fault[200]; /* why not, as far as the last one goes */
};

/* Copies all but the question, which stays. servers: 1 .. REDIS_SERVERS_MAX. */
void inquiry_init(struct inquiry *inquiry,
                  const struct inquiry_question *question, void *context,
                  const struct str *servers, uint32_t count,
                  const struct redis_credentials *credentials);
void inquiry_fini(struct inquiry *inquiry);

/* Copies them, for the next connection. */
void inquiry_set_credentials(struct inquiry *inquiry,
                             const struct redis_credentials *credentials);

/* Further servers, up to STORE_FDS_MAX, in place of those of the last call.
 * While it does not ask. */
void inquiry_set_further(struct inquiry *inquiry, const struct str *servers,
                         uint32_t count);

/* Begins to ask, while it does not. was_good: the last answer was; else the one
 * that gave it is asked last. */
void inquiry_ask(struct inquiry *inquiry, bool was_good, int64_t now_ns);

/* Goes on. revents: of its connection's socket. True when that ended the
 * asking: see is_answered. */
bool inquiry_step(struct inquiry *inquiry, short revents, int64_t now_ns);

/* When to step it at the latest; INT64_MAX while it does not ask. */
int64_t inquiry_deadline_ns(const struct inquiry *inquiry);

#endif
