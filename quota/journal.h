/*
 * What was charged in memory of this machine while the store was away, so that
 * it can be charged to the store when that is back. One table in memory that
 * all workers share: so what one worker noted another can carry over, also
 * when the first has died, and each entry is carried over by one.
 *
 * Bounded. When it is full, what has ended by itself makes room; what finds
 * none is counted as lost, and is only missing in the store.
 * Threads: any, of any process; it locks itself.
 */
#ifndef QUOTA_JOURNAL_H
#define QUOTA_JOURNAL_H

#include "quota/handle.h"
#include "quota/limit.h"
#include "quota/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum journal_kind {
    JOURNAL_USED,     /* of a rate: `amount` was granted */
    JOURNAL_HELD,     /* a lease */
    JOURNAL_RELEASED, /* a lease that the store may still believe held */
};

/* Of a key's text, for display. */
#define JOURNAL_TEXT_MAX 64

/* An entry is named by key and id; USED has no id, all zero. */
struct journal_entry {
    enum journal_kind kind;
    uint32_t next; /* the journal's */
    struct quota_id key, id;
    struct limit limit; /* the whole one; not of RELEASED */
    int64_t amount;     /* of USED: less what was given back */
    int64_t ends_ns;    /* by then it means nothing any more */
    uint8_t quota_len, text_len;
    char quota[QUOTA_NAME_MAX], text[JOURNAL_TEXT_MAX];
};

#define JOURNAL_ENTRIES 8192
#define JOURNAL_HEADS 8192

struct journal {
    pthread_mutex_t lock; /* shared by processes, robust */
    /* Read without the lock: whether there is anything to do. */
    _Atomic uint32_t count;
    /* CLOCK_BOOTTIME: by then all that was ever noted has ended. */
    _Atomic int64_t until_ns;
    _Atomic uint64_t lost;         /* entries for which there was no room */
    uint32_t hand;                 /* where to look for room next */
    uint32_t heads[JOURNAL_HEADS]; /* entry + 1; 0: none */
    struct journal_entry entries[JOURNAL_ENTRIES];
};

/* In zeroed memory, before other processes. */
void journal_init(struct journal *journal);

/* Writes the names of an entry, cut where they are too long. */
void journal_name(struct journal_entry *entry, struct str quota,
                  struct str text);

/* Adds an entry, or takes the place of that with the same key and id, which
 * then ends no sooner than it did. Amounts of USED add up; what is given back
 * of nothing (amount < 0) is not noted. */
void journal_note(struct journal *journal, const struct journal_entry *entry,
                  int64_t now_ns);

/* Puts back what was taken out. A newer entry of a lease stands. */
void journal_put_back(struct journal *journal,
                      const struct journal_entry *entry, int64_t now_ns);

/* Forgets the entry of that key and id, if there is one. */
void journal_forget(struct journal *journal, const struct quota_id *key,
                    const struct quota_id *id);

/* Takes one out: it is the caller's to carry over. False if there is none, or
 * the lock is not to be had. */
bool journal_take(struct journal *journal, struct journal_entry *entry);

static inline bool journal_is_empty(const struct journal *journal)
{
    return atomic_load_explicit(&journal->count, memory_order_relaxed) == 0;
}

/* Whether any of what was noted may still be in memory at now_ns. */
static inline bool journal_may_hold(const struct journal *journal,
                                    int64_t now_ns)
{
    return now_ns <
           atomic_load_explicit(&journal->until_ns, memory_order_relaxed);
}

#endif
