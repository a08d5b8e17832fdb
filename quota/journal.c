#include "quota/journal.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

/* It is held for less than a microsecond; whoever holds it longer is stopped,
 * and calls do not wait for him. */
#define WAIT_NS (1 * MILLISECOND)

/* How many entries are looked at for one that has ended. */
#define SWEEP_MAX 32

void journal_init(struct journal *journal)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&journal->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void lose(struct journal *journal, uint64_t entries)
{
    atomic_fetch_add_explicit(&journal->lost, entries, memory_order_relaxed);
}

static void set_count(struct journal *journal, uint32_t count)
{
    atomic_store_explicit(&journal->count, count, memory_order_relaxed);
}

static uint32_t count_of(const struct journal *journal)
{
    return atomic_load_explicit(&journal->count, memory_order_relaxed);
}

/* Its owner died while he changed it: nothing in it can be trusted. */
static void start_afresh(struct journal *journal)
{
    lose(journal, count_of(journal));
    set_count(journal, 0);
    memset(journal->heads, 0, sizeof(journal->heads));
    pthread_mutex_consistent(&journal->lock);
}

static bool lock(struct journal *journal)
{
    struct timespec until;
    int error = pthread_mutex_trylock(&journal->lock);

    if (error == EBUSY) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WAIT_NS;
        if (until.tv_nsec >= SECOND) {
            until.tv_sec++;
            until.tv_nsec -= SECOND;
        }
        error =
            pthread_mutex_clocklock(&journal->lock, CLOCK_MONOTONIC, &until);
    }
    if (error == EOWNERDEAD)
        start_afresh(journal);
    return error == 0 || error == EOWNERDEAD;
}

static void unlock(struct journal *journal)
{
    pthread_mutex_unlock(&journal->lock);
}

void journal_name(struct journal_entry *entry, struct str quota,
                  struct str text)
{
    assert(quota.len <= QUOTA_NAME_MAX);
    if (text.len > JOURNAL_TEXT_MAX)
        text.len = JOURNAL_TEXT_MAX;
    entry->quota_len = (uint8_t)quota.len;
    entry->text_len = (uint8_t)text.len;
    if (quota.len > 0)
        memcpy(entry->quota, quota.data, quota.len);
    if (text.len > 0)
        memcpy(entry->text, text.data, text.len);
}

/* Keys and ids are hashes, or are named by one. */
static uint32_t *head_of(struct journal *journal, const struct quota_id *key,
                         const struct quota_id *id)
{
    uint32_t a, b;

    memcpy(&a, key->bytes, sizeof(a));
    memcpy(&b, id->bytes, sizeof(b));
    return &journal->heads[(a ^ b) % JOURNAL_HEADS];
}

static bool is_same(const struct quota_id *a, const struct quota_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The link that leads to the entry, or to 0 where there is none. */
static uint32_t *find(struct journal *journal, const struct quota_id *key,
                      const struct quota_id *id)
{
    uint32_t *link = head_of(journal, key, id);

    while (*link != 0) {
        struct journal_entry *entry = &journal->entries[*link - 1];

        if (is_same(&entry->key, key) && is_same(&entry->id, id))
            return link;
        link = &entry->next;
    }
    return link;
}

/* Takes the entry at `link` out; the last one fills its place, so that all
 * stand together. */
static void drop(struct journal *journal, uint32_t *link)
{
    uint32_t index = *link - 1;
    uint32_t last = count_of(journal) - 1;
    struct journal_entry *entry = &journal->entries[index];

    *link = entry->next;
    if (index != last) {
        struct journal_entry *moved = &journal->entries[last];
        uint32_t *to_moved = find(journal, &moved->key, &moved->id);

        *entry = *moved;
        *to_moved = index + 1;
    }
    set_count(journal, last);
}

static void drop_entry(struct journal *journal,
                       const struct journal_entry *entry)
{
    drop(journal, find(journal, &entry->key, &entry->id));
}

/* Whether there is room, or can be made. */
static bool make_room(struct journal *journal, int64_t now_ns)
{
    for (int i = 0; i < SWEEP_MAX; i++) {
        const struct journal_entry *entry;

        if (count_of(journal) < JOURNAL_ENTRIES)
            return true;
        journal->hand = (journal->hand + 1) % JOURNAL_ENTRIES;
        entry = &journal->entries[journal->hand];
        if (entry->ends_ns <= now_ns)
            drop_entry(journal, entry);
    }
    return count_of(journal) < JOURNAL_ENTRIES;
}

/* Of a lease the newer one stands; usage adds up. */
static void join(struct journal_entry *old, const struct journal_entry *entry,
                 bool is_newer)
{
    int64_t ends_ns =
        old->ends_ns > entry->ends_ns ? old->ends_ns : entry->ends_ns;
    int64_t amount = old->amount + entry->amount;
    uint32_t next = old->next;

    if (is_newer)
        *old = *entry;
    old->next = next;
    old->ends_ns = ends_ns;
    old->amount = amount > 0 ? amount : 0;
}

static void add(struct journal *journal, const struct journal_entry *entry)
{
    uint32_t count = count_of(journal);
    uint32_t *head = head_of(journal, &entry->key, &entry->id);
    struct journal_entry *added = &journal->entries[count];

    *added = *entry;
    added->next = *head;
    *head = count + 1;
    set_count(journal, count + 1);
}

/* Under the lock. */
static void expect(struct journal *journal, int64_t ends_ns)
{
    if (!journal_may_hold(journal, ends_ns))
        atomic_store_explicit(&journal->until_ns, ends_ns,
                              memory_order_relaxed);
}

static void note(struct journal *journal, const struct journal_entry *entry,
                 bool is_newer, int64_t now_ns)
{
    const uint32_t *link;

    if (!lock(journal)) {
        lose(journal, 1);
        return;
    }
    link = find(journal, &entry->key, &entry->id);
    expect(journal, entry->ends_ns);
    if (*link != 0)
        join(&journal->entries[*link - 1], entry, is_newer);
    else if (entry->amount >= 0 && make_room(journal, now_ns))
        add(journal, entry);
    else if (entry->amount >= 0)
        lose(journal, 1);
    unlock(journal);
}

void journal_note(struct journal *journal, const struct journal_entry *entry,
                  int64_t now_ns)
{
    note(journal, entry, true, now_ns);
}

void journal_put_back(struct journal *journal,
                      const struct journal_entry *entry, int64_t now_ns)
{
    note(journal, entry, false, now_ns);
}

void journal_forget(struct journal *journal, const struct quota_id *key,
                    const struct quota_id *id)
{
    uint32_t *link;

    if (!lock(journal))
        return;
    link = find(journal, key, id);
    if (*link != 0)
        drop(journal, link);
    unlock(journal);
}

bool journal_take(struct journal *journal, struct journal_entry *entry)
{
    bool has_one;

    if (journal_is_empty(journal) || !lock(journal))
        return false;
    has_one = !journal_is_empty(journal);
    if (has_one) {
        *entry = journal->entries[count_of(journal) - 1];
        drop_entry(journal, entry);
    }
    unlock(journal);
    return has_one;
}
