/*
 * Lists. The first byte says which type; of the rest, taken as text, the
 * entries are compiled and each that can be looked up is found; taken as a
 * block, it is refused or gives some answer.
 */
#include "policy/rule/roster.h"
#include "policy/rule/roster_text.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum roster_answer find(const struct roster *roster, struct str text)
{
    struct value value = { .type = VALUE_STRING, .string = text };

    return roster_find(roster, &value);
}

static void try_text(enum roster_type type, struct str text)
{
    struct roster_entries entries;
    struct roster *roster;
    struct diags diags;
    struct arena arena;

    arena_init(&arena, 0);
    diags_init(&diags);
    roster_entries_init(&entries, type);
    roster_entries_read(&entries, STR("fuzz"), text, &diags);
    for (const struct diag *diag = diags.first; diag; diag = diag->next)
        assert(diag->place.line >= 1 && diag->place.column >= 1);
    roster = roster_open(
        roster_build(type, entries.items, entries.count, text.len, &arena));
    assert(roster && roster_entry_count(roster) <= entries.count);
    for (uint32_t i = 0; i < entries.count; i++) {
        enum roster_answer answer = find(roster, entries.items[i]);

        /* A pattern need not match itself; a network is no address. */
        assert(answer == ROSTER_IN || type == ROSTER_REGEX ||
               (type == ROSTER_IP && answer == ROSTER_BAD_VALUE));
    }
    roster_free(roster);
    roster_entries_fini(&entries);
    diags_fini(&diags);
    arena_fini(&arena);
}

/* A copy of its own, aligned, so that the sanitizer sees its end. */
static void try_block(const uint8_t *data, size_t size)
{
    char *block = malloc(size + 1);
    struct roster *roster;

    assert(block);
    memcpy(block, data, size);
    roster = roster_open((struct str){ block, size });
    if (roster) {
        find(roster, STR("10.1.2.3"));
        find(roster, STR("2001:db8::1"));
        find(roster, STR("ann"));
        find(roster, STR(""));
    }
    roster_free(roster);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    try_text((enum roster_type)(data[0] % (ROSTER_REGEX + 1)),
             (struct str){ (const char *)data + 1, size - 1 });
    try_block(data + 1, size - 1);
    return 0;
}
