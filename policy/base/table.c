#include "policy/base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct table_entry {
    struct str key;
    void *value; /* NULL: free */
};

#define CAPACITY_FIRST 16

void table_init(struct table *table)
{
    *table = (struct table){ 0 };
    /* Early in boot the kernel may have no entropy yet; then only the
     * protection against chosen keys is weaker. */
    if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
        table->seed = (uint64_t)(uintptr_t)table;
}

void table_fini(struct table *table)
{
    free(table->entries);
    *table = (struct table){ 0 };
}

/* The entry of `key`, or the free one where it belongs. */
static struct table_entry *find_entry(const struct table *table, struct str key)
{
    size_t mask = table->capacity - 1;
    size_t i =
        XXH3_64bits_withSeed(key.data ? key.data : "", key.len, table->seed) &
        mask;

    /* At most half of the entries are in use, so a free one comes. */
    while (table->entries[i].value && !str_eq(table->entries[i].key, key))
        i = (i + 1) & mask;
    return &table->entries[i];
}

void *table_find(const struct table *table, struct str key)
{
    return table->capacity == 0 ? NULL : find_entry(table, key)->value;
}

static void grow(struct table *table)
{
    struct table larger = *table;

    larger.capacity =
        table->capacity == 0 ? CAPACITY_FIRST : 2 * table->capacity;
    larger.entries = calloc(larger.capacity, sizeof(struct table_entry));
    if (!larger.entries)
        abort();
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].value)
            *find_entry(&larger, table->entries[i].key) = table->entries[i];
    free(table->entries);
    *table = larger;
}

void *table_put(struct table *table, struct str key, void *value)
{
    struct table_entry *entry;

    assert(value);
    if (2 * (table->count + 1) > table->capacity)
        grow(table);
    entry = find_entry(table, key);
    if (!entry->value) {
        *entry = (struct table_entry){ key, value };
        table->count++;
    }
    return entry->value;
}
