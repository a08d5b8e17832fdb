#include "policy/rule/roster_trie.h"

#include "policy/rule/roster_block.h"

#include <stdlib.h>

#define ADDRESS_BITS 128
#define V4_BITS 32
#define V4_PREFIX_BITS (ADDRESS_BITS - V4_BITS)

/* The first `length` bits of `ip`; the others are zero. */
struct prefix {
    struct ip ip;
    uint8_t length;
};

/* Below: a node if less than node_count; else, less that, a prefix. */
struct node {
    uint32_t bit; /* more than that of the node above */
    uint32_t below[2];
};

enum family {
    FAMILY_V4,
    FAMILY_V6,
    FAMILY_COUNT,
};

struct trie {
    struct roster_head head; /* entry_count is that of prefixes */
    uint32_t node_count;
    uint32_t roots[FAMILY_COUNT]; /* as node.below; NOTHING: no prefixes */
    struct node nodes[];
    /* then struct prefix [entry_count] */
};

#define NOTHING UINT32_MAX

static unsigned bit_of(const struct ip *ip, uint32_t bit)
{
    return ip->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool is_v4(const struct ip *ip)
{
    static const uint8_t front[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(ip->bytes, front, sizeof(front)) == 0;
}

/* IPv6 networks wider than the v4-mapped ones have nothing to do with IPv4. */
static enum family family_of(const struct prefix *prefix)
{
    return prefix->length >= V4_PREFIX_BITS && is_v4(&prefix->ip) ? FAMILY_V4
                                                                  : FAMILY_V6;
}

static bool prefix_holds(const struct prefix *prefix, const struct ip *ip)
{
    size_t whole = prefix->length / 8;
    unsigned rest = prefix->length % 8;

    if (memcmp(prefix->ip.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 ||
           (prefix->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

/* ---- from text --------------------------------------------------------- */

/* A number from 0 to `most`, in decimal digits. */
static bool parse_length(struct str text, unsigned most, unsigned *length)
{
    *length = 0;
    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *length = *length * 10 + (unsigned)(text.data[i] - '0');
    }
    return *length <= most;
}

static void clear_rest(struct prefix *prefix)
{
    for (uint32_t bit = prefix->length; bit < ADDRESS_BITS; bit++)
        prefix->ip.bytes[bit / 8] &= (uint8_t) ~(1U << (7 - bit % 8));
}

/* NULL, or why not. */
static const char *parse_prefix(struct str text, struct prefix *prefix)
{
    const char *slash = memchr(text.data, '/', text.len);
    size_t ip_len = slash ? (size_t)(slash - text.data) : text.len;
    bool is_dotted = !memchr(text.data, ':', ip_len);
    unsigned length = is_dotted ? V4_BITS : ADDRESS_BITS;

    if (!ip_parse((struct str){ text.data, ip_len }, &prefix->ip))
        return "is no IP address or network such as 10.0.0.0/8";
    if (slash && !parse_length(str_skip(text, ip_len + 1), length, &length))
        return is_dotted ? "must have a prefix length from 0 to 32"
                         : "must have a prefix length from 0 to 128";
    prefix->length = (uint8_t)(length + (is_dotted ? V4_PREFIX_BITS : 0));
    clear_rest(prefix);
    return NULL;
}

bool roster_trie_check(struct str entry, const char **why)
{
    struct prefix prefix;

    *why = entry.len == 0 ? "is empty" : parse_prefix(entry, &prefix);
    return !*why;
}

/* ---- build ------------------------------------------------------------- */

/* IPv4 first; by address; a wider network before those in it. */
static int compare_prefixes(const void *a, const void *b)
{
    const struct prefix *x = a, *y = b;
    enum family x_family = family_of(x), y_family = family_of(y);
    int order = memcmp(x->ip.bytes, y->ip.bytes, sizeof(x->ip.bytes));

    if (x_family != y_family)
        return x_family < y_family ? -1 : 1;
    return order != 0 ? order : (int)x->length - (int)y->length;
}

/* Drops networks that lie in others; of the rest none is part of another. */
static uint32_t drop_covered(struct prefix *prefixes, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct prefix *last = kept > 0 ? &prefixes[kept - 1] : NULL;

        if (!last || family_of(last) != family_of(&prefixes[i]) ||
            !prefix_holds(last, &prefixes[i].ip))
            prefixes[kept++] = prefixes[i];
    }
    return kept;
}

static struct prefix *parse_all(const struct str *entries, uint32_t *count)
{
    struct prefix *prefixes = calloc(*count + 1, sizeof(*prefixes));

    if (!prefixes)
        abort();
    for (uint32_t i = 0; i < *count; i++)
        parse_prefix(entries[i], &prefixes[i]);
    qsort(prefixes, *count, sizeof(*prefixes), compare_prefixes);
    *count = drop_covered(prefixes, *count);
    return prefixes;
}

struct growth {
    struct trie *trie;
    const struct prefix *prefixes;
    uint32_t used; /* nodes */
};

/* Of two that are no part of each other. */
static uint32_t first_difference(const struct ip *a, const struct ip *b)
{
    uint32_t bit = 0;

    while (bit_of(a, bit) == bit_of(b, bit))
        bit++;
    return bit;
}

/* The first of prefixes [from, to) that has the bit set; they are in order and
 * alike before it. */
static uint32_t find_split(const struct prefix *prefixes, uint32_t from,
                           uint32_t to, uint32_t bit)
{
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (bit_of(&prefixes[middle].ip, bit))
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

/* The subtrie of prefixes [from, to). Each level decides a further bit, so it
 * is at most ADDRESS_BITS deep. */
static uint32_t grow(struct growth *growth, uint32_t from, uint32_t to)
{
    const struct prefix *prefixes = growth->prefixes;
    uint32_t index, split;
    struct node *node;

    if (from == to)
        return NOTHING;
    if (from + 1 == to)
        return growth->trie->node_count + from;
    index = growth->used++;
    node = &growth->trie->nodes[index];
    node->bit = first_difference(&prefixes[from].ip, &prefixes[to - 1].ip);
    split = find_split(prefixes, from, to, node->bit);
    node->below[0] = grow(growth, from, split);
    node->below[1] = grow(growth, split, to);
    return index;
}

/* A trie over n leaves has n - 1 nodes. */
static uint32_t nodes_for(uint32_t leaf_count)
{
    return leaf_count > 0 ? leaf_count - 1 : 0;
}

struct str roster_trie_build(const struct str *entries, uint32_t count,
                             struct arena *arena)
{
    struct prefix *prefixes = parse_all(entries, &count);
    struct growth growth = { .prefixes = prefixes };
    uint32_t v4_count = 0, node_count;
    struct trie *trie;
    size_t size;

    while (v4_count < count && family_of(&prefixes[v4_count]) == FAMILY_V4)
        v4_count++;
    node_count = nodes_for(v4_count) + nodes_for(count - v4_count);
    size = sizeof(*trie) + node_count * sizeof(struct node) +
           count * sizeof(struct prefix);
    trie = roster_block_new(ROSTER_IP, count, size, arena);
    trie->node_count = node_count;
    growth.trie = trie;
    trie->roots[FAMILY_V4] = grow(&growth, 0, v4_count);
    trie->roots[FAMILY_V6] = grow(&growth, v4_count, count);
    memcpy(&trie->nodes[node_count], prefixes, count * sizeof(struct prefix));
    free(prefixes);
    return (struct str){ (const char *)trie, size };
}

/* ---- use --------------------------------------------------------------- */

bool roster_trie_is_sound(struct str block)
{
    const struct trie *trie = (const void *)block.data;

    return block.len >= sizeof(*trie) &&
           block.len - sizeof(*trie) ==
               (size_t)trie->node_count * sizeof(struct node) +
                   (size_t)trie->head.entry_count * sizeof(struct prefix) &&
           (size_t)trie->node_count + trie->head.entry_count < NOTHING;
}

bool roster_trie_has(struct str block, const struct ip *ip)
{
    const struct trie *trie = (const void *)block.data;
    const struct prefix *prefixes =
        (const void *)&trie->nodes[trie->node_count];
    uint32_t at = trie->roots[is_v4(ip) ? FAMILY_V4 : FAMILY_V6];
    uint32_t next_bit = 0;

    while (at < trie->node_count) {
        const struct node *node = &trie->nodes[at];

        if (node->bit < next_bit || node->bit >= ADDRESS_BITS)
            return false; /* damaged, and might go round in circles */
        at = node->below[bit_of(ip, node->bit)];
        next_bit = node->bit + 1;
    }
    at -= trie->node_count;
    return at < trie->head.entry_count && prefixes[at].length <= ADDRESS_BITS &&
           prefix_holds(&prefixes[at], ip);
}
