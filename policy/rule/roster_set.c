#include "policy/rule/roster_set.h"

#include "policy/rule/roster_block.h"

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct slot {
    uint32_t tag;    /* of the hash: most others are told apart by it */
    uint32_t offset; /* in the block, of the text's length; 0: free */
};

/* In front of each text. */
typedef uint16_t text_length;

struct set {
    struct roster_head head;
    uint64_t seed;
    uint32_t slot_count; /* a power of two */
    uint32_t longest;    /* text, in bytes */
    struct slot slots[];
};

/* A text as it is compared, and where it belongs. */
struct key {
    struct str text;
    uint32_t tag;
    uint32_t slot;
};

/* Room for a text in lower case. */
struct folded {
    char bytes[ROSTER_ENTRY_BYTES_MAX];
};

/* text: at most ROSTER_ENTRY_BYTES_MAX. */
static struct str fold(struct str text, struct folded *folded)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        folded->bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    return (struct str){ folded->bytes, text.len };
}

static struct key key_of(const struct set *set, struct str text,
                         struct folded *folded)
{
    struct key key = { .text = text };
    uint64_t hash;

    if (set->head.type == ROSTER_STRING_NOCASE)
        key.text = fold(text, folded);
    hash = XXH3_64bits_withSeed(key.text.len > 0 ? key.text.data : "",
                                key.text.len, set->seed);
    key.tag = (uint32_t)(hash >> 32);
    key.slot = (uint32_t)hash & (set->slot_count - 1);
    return key;
}

/* The text at `offset`, or an empty one if that is not within the block. */
static struct str text_at(struct str block, uint32_t offset)
{
    text_length length;

    if (offset > block.len - sizeof(length))
        return STR("");
    memcpy(&length, block.data + offset, sizeof(length));
    if (length > block.len - sizeof(length) - offset)
        return STR("");
    return (struct str){ block.data + offset + sizeof(length), length };
}

/*
 * The slot of the key, or the free one where it belongs; NULL if there is
 * neither, which only a damaged block has.
 */
static const struct slot *find_slot(struct str block, const struct key *key)
{
    const struct set *set = (const void *)block.data;
    uint32_t mask = set->slot_count - 1;

    for (uint32_t i = 0; i <= mask; i++) {
        const struct slot *slot = &set->slots[(key->slot + i) & mask];

        if (slot->offset == 0)
            return slot;
        if (slot->tag == key->tag &&
            str_eq(text_at(block, slot->offset), key->text))
            return slot;
    }
    return NULL;
}

/* At most three quarters of the slots are in use. */
static uint32_t slots_for(uint32_t count)
{
    uint32_t slots = 1;

    while (slots / 4 * 3 <= count)
        slots *= 2;
    return slots;
}

/* Appends the text unless it is there. `used`: bytes of the block in use. */
static void insert(struct set *set, size_t *used, struct str entry)
{
    struct str block = { (const char *)set, *used };
    struct folded folded;
    struct key key = key_of(set, entry, &folded);
    struct slot *slot = &set->slots[find_slot(block, &key) - set->slots];
    text_length length = (text_length)key.text.len;

    if (slot->offset != 0)
        return;
    *slot = (struct slot){ .tag = key.tag, .offset = (uint32_t)*used };
    memcpy((char *)set + *used, &length, sizeof(length));
    if (length > 0)
        memcpy((char *)set + *used + sizeof(length), key.text.data, length);
    *used += sizeof(length) + length;
    set->head.entry_count++;
    if (length > set->longest)
        set->longest = length;
}

struct str roster_set_build(enum roster_type type, const struct str *entries,
                            uint32_t count, uint64_t seed, struct arena *arena)
{
    uint32_t slot_count = slots_for(count);
    size_t used = sizeof(struct set) + slot_count * sizeof(struct slot);
    size_t size = used + sizeof(text_length);
    struct set *set;

    for (uint32_t i = 0; i < count; i++) {
        assert(entries[i].len <= ROSTER_ENTRY_BYTES_MAX);
        size += sizeof(text_length) + entries[i].len;
    }
    assert(size <= UINT32_MAX);
    set = roster_block_new(type, 0, size, arena);
    set->seed = seed;
    set->slot_count = slot_count;
    for (uint32_t i = 0; i < count; i++)
        insert(set, &used, entries[i]);
    return (struct str){ (const char *)set, used };
}

bool roster_set_is_sound(struct str block)
{
    const struct set *set = (const void *)block.data;
    uint64_t slot_count;

    if (block.len < sizeof(*set))
        return false;
    slot_count = set->slot_count;
    return slot_count > 0 && (slot_count & (slot_count - 1)) == 0 &&
           slot_count <= (block.len - sizeof(*set)) / sizeof(struct slot) &&
           set->longest <= ROSTER_ENTRY_BYTES_MAX;
}

bool roster_set_has(struct str block, struct str text)
{
    const struct set *set = (const void *)block.data;
    const struct slot *slot;
    struct folded folded;
    struct key key;

    if (text.len > set->longest)
        return false;
    key = key_of(set, text, &folded);
    slot = find_slot(block, &key);
    return slot && slot->offset != 0;
}
