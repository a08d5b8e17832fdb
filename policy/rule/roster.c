#include "policy/rule/roster.h"

#include "policy/expr/regex.h"
#include "policy/rule/roster_block.h"
#include "policy/rule/roster_regex.h"
#include "policy/rule/roster_set.h"
#include "policy/rule/roster_trie.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct roster {
    enum roster_type type;
    uint32_t entry_count;
    struct str block; /* data == NULL: unavailable */
    struct roster_regex *regex;
};

void *roster_block_new(enum roster_type type, uint32_t entry_count, size_t size,
                       struct arena *arena)
{
    struct roster_head *head = arena_calloc(arena, 1, size);

    *head = (struct roster_head){ ROSTER_MAGIC, type, entry_count };
    return head;
}

/* ---- entries ----------------------------------------------------------- */

static bool has_control_character(struct str entry)
{
    for (size_t i = 0; i < entry.len; i++)
        if ((unsigned char)entry.data[i] < ' ' || entry.data[i] == 0x7f)
            return true;
    return false;
}

static bool is_regex(struct str entry, char why[static ROSTER_WHY_SIZE])
{
    struct regex_error error;
    struct arena arena;
    bool is_good;

    arena_init(&arena, 0);
    is_good = regex_compile(entry, &arena, &error);
    if (!is_good)
        snprintf(why, ROSTER_WHY_SIZE,
                 "is no regular expression: %s (at byte %zu)", error.message,
                 error.offset + 1);
    arena_fini(&arena);
    return is_good;
}

static bool is_network(struct str entry, char why[static ROSTER_WHY_SIZE])
{
    const char *reason;

    if (roster_trie_check(entry, &reason))
        return true;
    snprintf(why, ROSTER_WHY_SIZE, "%s", reason);
    return false;
}

bool roster_check_entry(enum roster_type type, struct str entry,
                        char why[static ROSTER_WHY_SIZE])
{
    if (entry.len > ROSTER_ENTRY_BYTES_MAX) {
        snprintf(why, ROSTER_WHY_SIZE, "is longer than %d bytes",
                 ROSTER_ENTRY_BYTES_MAX);
        return false;
    }
    if (has_control_character(entry)) {
        snprintf(why, ROSTER_WHY_SIZE, "has a control character");
        return false;
    }
    switch (type) {
    case ROSTER_STRING:
    case ROSTER_STRING_NOCASE:
        return true;
    case ROSTER_IP:
        return is_network(entry, why);
    case ROSTER_REGEX:
        return is_regex(entry, why);
    }
    return false;
}

struct str roster_build(enum roster_type type, const struct str *entries,
                        uint32_t count, uint64_t seed, struct arena *arena)
{
    assert(count <= ROSTER_ENTRIES_MAX);
    switch (type) {
    case ROSTER_STRING:
    case ROSTER_STRING_NOCASE:
        return roster_set_build(type, entries, count, seed, arena);
    case ROSTER_IP:
        return roster_trie_build(entries, count, arena);
    case ROSTER_REGEX:
        return roster_regex_build(entries, count, arena);
    }
    abort();
}

/* ---- open -------------------------------------------------------------- */

struct roster *roster_open_unavailable(enum roster_type type)
{
    struct roster *roster = calloc(1, sizeof(*roster));

    if (!roster)
        abort();
    roster->type = type;
    return roster;
}

static bool open_body(struct roster *roster)
{
    switch (roster->type) {
    case ROSTER_STRING:
    case ROSTER_STRING_NOCASE:
        return roster_set_is_sound(roster->block);
    case ROSTER_IP:
        return roster_trie_is_sound(roster->block);
    case ROSTER_REGEX:
        roster->regex = roster_regex_open(roster->block);
        return roster->regex;
    }
    return false;
}

struct roster *roster_open(struct str block)
{
    const struct roster_head *head = (const void *)block.data;
    struct roster *roster;

    if (block.len < sizeof(*head) || head->magic != ROSTER_MAGIC)
        return NULL;
    roster = roster_open_unavailable((enum roster_type)head->type);
    roster->entry_count = head->entry_count;
    roster->block = block;
    if (open_body(roster))
        return roster;
    roster_free(roster);
    return NULL;
}

void roster_free(struct roster *roster)
{
    if (!roster)
        return;
    roster_regex_free(roster->regex);
    free(roster);
}

enum roster_type roster_type(const struct roster *roster)
{
    return roster->type;
}

uint32_t roster_entry_count(const struct roster *roster)
{
    return roster->entry_count;
}

struct str roster_next_pattern(const struct roster *roster, struct str before)
{
    assert(roster->type == ROSTER_REGEX);
    return roster->block.data ? roster_regex_next_pattern(roster->block, before)
                              : (struct str){ 0 };
}

/* ---- look up ----------------------------------------------------------- */

bool roster_accepts(enum roster_type type, enum value_type value)
{
    return value == VALUE_STRING ||
           (value == VALUE_IP_ADDRESS && type == ROSTER_IP);
}

static enum roster_answer find_ip(const struct roster *roster,
                                  const struct value *value)
{
    struct ip ip;

    if (value->type == VALUE_IP_ADDRESS)
        ip = value->ip;
    else if (!ip_parse(value->string, &ip))
        return ROSTER_BAD_VALUE;
    return roster_trie_has(roster->block, &ip) ? ROSTER_IN : ROSTER_OUT;
}

enum roster_answer roster_find(const struct roster *roster,
                               const struct value *value)
{
    assert(roster_accepts(roster->type, value->type));
    if (!roster->block.data)
        return ROSTER_UNAVAILABLE;
    switch (roster->type) {
    case ROSTER_STRING:
    case ROSTER_STRING_NOCASE:
        return roster_set_has(roster->block, value->string) ? ROSTER_IN
                                                            : ROSTER_OUT;
    case ROSTER_IP:
        return find_ip(roster, value);
    case ROSTER_REGEX:
        return roster_regex_find(roster->regex, value->string);
    }
    return ROSTER_UNAVAILABLE;
}
