#include "proto/server/shared/hot_keys.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct hot_key) % sizeof(uint64_t) == 0,
              "an entry is whole words");

/* So often is an entry copied anew, before it is left out. */
#define COPY_TRIES 8

#define WORD_OF(field) (offsetof(struct hot_key, field) / sizeof(uint64_t))

static uint64_t load(const struct hot_key_entry *entry, size_t word)
{
    return atomic_load_explicit(&entry->words[word], memory_order_relaxed);
}

static void store(struct hot_key_entry *entry, size_t word, uint64_t value)
{
    atomic_store_explicit(&entry->words[word], value, memory_order_relaxed);
}

static bool is_stale(int64_t last_ns, int64_t now_ns)
{
    return now_ns - last_ns >= HOT_KEY_STALE_NS;
}

/* What it still counts for: nothing, if it was not refused for long. */
static uint64_t live_count(const struct hot_key_entry *entry, int64_t now_ns)
{
    return is_stale((int64_t)load(entry, WORD_OF(last_ns)), now_ns)
               ? 0
               : load(entry, WORD_OF(count));
}

/* ---- the writer -------------------------------------------------------- */

static bool is_of(const struct hot_key_entry *entry, const struct quota_id *key)
{
    uint64_t words[sizeof(*key) / sizeof(uint64_t)];

    static_assert(offsetof(struct hot_key, key) == 0, "the key comes first");
    memcpy(words, key->bytes, sizeof(words));
    return load(entry, 0) == words[0] && load(entry, 1) == words[1];
}

/* Others may copy it meanwhile: its words are those of one key after the
 * other. */
static void begin(struct hot_key_entry *entry)
{
    uint32_t sequence =
        atomic_load_explicit(&entry->sequence, memory_order_relaxed);

    /* It is odd already where a writer died. */
    atomic_store_explicit(&entry->sequence, sequence | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void end(struct hot_key_entry *entry)
{
    uint32_t sequence =
        atomic_load_explicit(&entry->sequence, memory_order_relaxed);

    atomic_store_explicit(&entry->sequence, sequence + 1, memory_order_release);
}

static void replace(struct hot_key_entry *entry, const struct hot_key *key)
{
    uint64_t words[HOT_KEY_WORDS];

    memcpy(words, key, sizeof(words));
    begin(entry);
    for (size_t i = 0; i < HOT_KEY_WORDS; i++)
        store(entry, i, words[i]);
    end(entry);
}

/* Still the same key, so nothing that a reader sees can be wrong by more than
 * a moment. */
static void renew(struct hot_key_entry *entry, const struct refusal *refusal,
                  int64_t now_ns)
{
    uint64_t count = live_count(entry, now_ns);

    if (count == 0)
        store(entry, WORD_OF(excess), 0);
    store(entry, WORD_OF(slots), (uint64_t)refusal->slots);
    store(entry, WORD_OF(last_ns), (uint64_t)now_ns);
    store(entry, WORD_OF(count), count + 1);
}

static void move_in(struct hot_key_entry *entry, const struct refusal *refusal,
                    int64_t now_ns)
{
    uint64_t count = live_count(entry, now_ns);
    struct hot_key key = {
        .key = refusal->key,
        .count = count + 1,
        .excess = count,
        .last_ns = now_ns,
        .slots = refusal->slots,
        .quota = refusal->quota,
        .is_redacted = refusal->is_redacted,
    };
    size_t len = refusal->text.len;

    if (len > sizeof(key.text))
        len = sizeof(key.text);
    if (len > 0)
        memcpy(key.text, refusal->text.data, len);
    key.text_len = (uint16_t)len;
    replace(entry, &key);
}

void hot_keys_add(struct hot_keys *keys, const struct refusal *refusal,
                  int64_t now_ns)
{
    struct hot_key_entry *least = &keys->entries[0];
    uint64_t least_count = UINT64_MAX;

    for (size_t i = 0; i < HOT_KEYS; i++) {
        struct hot_key_entry *entry = &keys->entries[i];
        uint64_t count = live_count(entry, now_ns);

        if (is_of(entry, &refusal->key) && load(entry, WORD_OF(count)) > 0) {
            renew(entry, refusal, now_ns);
            return;
        }
        if (count < least_count) {
            least = entry;
            least_count = count;
        }
    }
    move_in(least, refusal, now_ns);
}

void hot_keys_mend(struct hot_keys *keys)
{
    static const struct hot_key none;

    for (size_t i = 0; i < HOT_KEYS; i++)
        if (atomic_load(&keys->entries[i].sequence) & 1)
            replace(&keys->entries[i], &none);
}

/* ---- readers ----------------------------------------------------------- */

/* False if another key moved in meanwhile. */
static bool copy(const struct hot_key_entry *entry, struct hot_key *key)
{
    uint32_t before =
        atomic_load_explicit(&entry->sequence, memory_order_acquire);
    uint64_t words[HOT_KEY_WORDS];

    for (size_t i = 0; i < HOT_KEY_WORDS; i++)
        words[i] = load(entry, i);
    atomic_thread_fence(memory_order_acquire);
    memcpy(key, words, sizeof(*key));
    return !(before & 1) &&
           atomic_load_explicit(&entry->sequence, memory_order_relaxed) ==
               before;
}

uint32_t hot_keys_copy(const struct hot_keys *keys,
                       struct hot_key copies[static HOT_KEYS])
{
    uint32_t count = 0;

    for (size_t i = 0; i < HOT_KEYS; i++) {
        struct hot_key *key = &copies[count];
        bool is_whole = false;

        for (int tries = 0; tries < COPY_TRIES && !is_whole; tries++)
            is_whole = copy(&keys->entries[i], key);
        /* The memory is shared with what may have gone wrong. */
        if (is_whole && key->count > 0 && key->text_len <= sizeof(key->text))
            count++;
    }
    return count;
}

static int compare_keys(const void *left, const void *right)
{
    const struct hot_key *a = left, *b = right;

    if (a->quota != b->quota)
        return a->quota < b->quota ? -1 : 1;
    return memcmp(&a->key, &b->key, sizeof(a->key));
}

static int compare_counts(const void *left, const void *right)
{
    const struct hot_key *a = left, *b = right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return compare_keys(left, right);
}

/* Of two of the same key, what the later one says counts. */
static void absorb(struct hot_key *into, const struct hot_key *from)
{
    struct hot_key sum = from->last_ns > into->last_ns ? *from : *into;

    sum.count = into->count + from->count;
    sum.excess = into->excess + from->excess;
    *into = sum;
}

uint32_t hot_keys_merge(struct hot_key *keys, uint32_t count, int64_t now_ns)
{
    uint32_t kept = 0;

    qsort(keys, count, sizeof(*keys), compare_keys);
    for (uint32_t i = 0; i < count; i++) {
        if (is_stale(keys[i].last_ns, now_ns))
            continue;
        if (kept > 0 && compare_keys(&keys[kept - 1], &keys[i]) == 0)
            absorb(&keys[kept - 1], &keys[i]);
        else
            keys[kept++] = keys[i];
    }
    qsort(keys, kept, sizeof(*keys), compare_counts);
    return kept;
}
