/*
 * Lists: what is an entry, what is in them, and that a block is sound wherever
 * it is mapped. Mixer's own list tests are test_roster_mixer.c.
 */
#include "test/support/table.h"

#include "policy/rule/roster.h"
#include "policy/rule/roster_text.h"

#include <stdio.h>
#include <stdlib.h>

#define SEED UINT64_C(0x5eed)

static struct str build(struct arena *arena, enum roster_type type,
                        const char *const *texts)
{
    struct str entries[16];
    char why[ROSTER_WHY_SIZE];
    uint32_t count = 0;

    for (; texts[count]; count++) {
        entries[count] = str_of(texts[count]);
        if (!roster_check_entry(type, entries[count], why))
            row_fail(texts[count], "the entry %s", why);
    }
    return roster_build(type, entries, count, SEED, arena);
}

static enum roster_answer find(const struct roster *roster, const char *text)
{
    struct value value = { .type = VALUE_STRING, .string = str_of(text) };

    return roster_find(roster, &value);
}

static const struct {
    const char *why;
    enum roster_type type;
    const char *entries[6], *value;
    enum roster_answer answer;
} lookups[] = {
    { "one of several", ROSTER_STRING, { "a", "b", "c" }, "b", ROSTER_IN },
    { "none of them", ROSTER_STRING, { "a", "b" }, "d", ROSTER_OUT },
    { "no entries", ROSTER_STRING, { NULL }, "a", ROSTER_OUT },
    { "no entries, nothing", ROSTER_STRING, { NULL }, "", ROSTER_OUT },
    { "nothing as an entry", ROSTER_STRING, { "a", "" }, "", ROSTER_IN },
    { "a part", ROSTER_STRING, { "abc" }, "ab", ROSTER_OUT },
    { "longer than any", ROSTER_STRING, { "abc" }, "abcd", ROSTER_OUT },
    { "another case", ROSTER_STRING, { "abc" }, "Abc", ROSTER_OUT },
    { "twice", ROSTER_STRING, { "abc", "abc" }, "abc", ROSTER_IN },

    { "another case", ROSTER_STRING_NOCASE, { "aBc" }, "AbC", ROSTER_IN },
    { "not a letter", ROSTER_STRING_NOCASE, { "a[" }, "a{", ROSTER_OUT },
    { "beyond ASCII",
      ROSTER_STRING_NOCASE,
      { "\u00c4" },
      "\u00e4",
      ROSTER_OUT },

    { "itself", ROSTER_IP, { "10.0.0.1" }, "10.0.0.1", ROSTER_IN },
    { "its neighbour", ROSTER_IP, { "10.0.0.1" }, "10.0.0.0", ROSTER_OUT },
    { "in a network", ROSTER_IP, { "10.0.0.0/8" }, "10.255.0.1", ROSTER_IN },
    { "beyond it", ROSTER_IP, { "10.0.0.0/8" }, "11.0.0.0", ROSTER_OUT },
    { "odd length", ROSTER_IP, { "10.0.0.0/9" }, "10.127.1.1", ROSTER_IN },
    { "odd, beyond", ROSTER_IP, { "10.0.0.0/9" }, "10.128.0.0", ROSTER_OUT },
    { "bits behind the prefix",
      ROSTER_IP,
      { "9.9.9.9/28" },
      "9.9.9.1",
      ROSTER_IN },
    { "wide and narrow",
      ROSTER_IP,
      { "10.1.0.0/16", "10.0.0.0/8", "10.1.2.3" },
      "10.2.0.0",
      ROSTER_IN },
    { "everything", ROSTER_IP, { "0.0.0.0/0" }, "255.255.255.255", ROSTER_IN },
    { "all IPv4 holds no IPv6", ROSTER_IP, { "0.0.0.0/0" }, "::1", ROSTER_OUT },
    { "all IPv6 holds no IPv4", ROSTER_IP, { "::/0" }, "10.0.0.1", ROSTER_OUT },
    { "all IPv6", ROSTER_IP, { "::/0" }, "2001:db8::1", ROSTER_IN },
    { "all of both",
      ROSTER_IP,
      { "::/0", "0.0.0.0/0" },
      "10.0.0.1",
      ROSTER_IN },
    { "a bare IPv6 is itself",
      ROSTER_IP,
      { "2001:db8::1" },
      "2001:db8::1",
      ROSTER_IN },
    { "and not its /32",
      ROSTER_IP,
      { "2001:db8::1" },
      "2001:db8::2",
      ROSTER_OUT },
    { "a v4-mapped value",
      ROSTER_IP,
      { "10.0.0.0/8" },
      "::ffff:10.1.2.3",
      ROSTER_IN },
    { "a v4-mapped entry",
      ROSTER_IP,
      { "::ffff:10.0.0.0/104" },
      "10.1.2.3",
      ROSTER_IN },
    { "all that is v4-mapped",
      ROSTER_IP,
      { "::ffff:0.0.0.0/96" },
      "1.2.3.4",
      ROSTER_IN },
    { "wider than that",
      ROSTER_IP,
      { "::ffff:0.0.0.0/95" },
      "1.2.3.4",
      ROSTER_OUT },
    { "no address", ROSTER_IP, { "10.0.0.1" }, "XYZ", ROSTER_BAD_VALUE },
    { "nothing", ROSTER_IP, { "10.0.0.1" }, "", ROSTER_BAD_VALUE },
    { "a network is no address",
      ROSTER_IP,
      { "10.0.0.0/8" },
      "10.0.0.0/8",
      ROSTER_BAD_VALUE },
    { "an empty list of addresses",
      ROSTER_IP,
      { NULL },
      "10.0.0.1",
      ROSTER_OUT },

    { "anywhere", ROSTER_REGEX, { "x+", "b.d" }, "abcde", ROSTER_IN },
    { "nowhere", ROSTER_REGEX, { "x+", "b.d" }, "abde", ROSTER_OUT },
    { "anchored", ROSTER_REGEX, { "^b" }, "abc", ROSTER_OUT },
    { "no patterns", ROSTER_REGEX, { NULL }, "abc", ROSTER_OUT },
    { "given up",
      ROSTER_REGEX,
      { "^(a+)+[bc]" },
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      ROSTER_TOO_COSTLY },
};

static void test_lookups(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(lookups); i++) {
        struct roster *roster =
            roster_open(build(&arena, lookups[i].type, lookups[i].entries));

        row_true(lookups[i].why, roster);
        row_equal_i64(lookups[i].why, roster_type(roster), lookups[i].type);
        row_equal_i64(lookups[i].why, find(roster, lookups[i].value),
                      lookups[i].answer);
        roster_free(roster);
    }
    arena_fini(&arena);
}

/* An address as it comes from the wire. */
static void test_address_value(void **state)
{
    static const char *const entries[] = { "10.0.0.0/8", NULL };
    struct value value = { .type = VALUE_IP_ADDRESS };
    struct roster *roster;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    roster = roster_open(build(&arena, ROSTER_IP, entries));
    assert_true(ip_parse(STR("10.9.8.7"), &value.ip));
    assert_int_equal(roster_find(roster, &value), ROSTER_IN);
    assert_true(ip_parse(STR("11.9.8.7"), &value.ip));
    assert_int_equal(roster_find(roster, &value), ROSTER_OUT);
    roster_free(roster);
    arena_fini(&arena);
}

static void test_accepts(void **state)
{
    (void)state;
    for (unsigned type = ROSTER_STRING; type <= ROSTER_REGEX; type++) {
        assert_true(roster_accepts((enum roster_type)type, VALUE_STRING));
        assert_int_equal(
            roster_accepts((enum roster_type)type, VALUE_IP_ADDRESS),
            type == ROSTER_IP);
        assert_false(roster_accepts((enum roster_type)type, VALUE_INT64));
    }
}

static void test_unavailable(void **state)
{
    struct roster *roster = roster_open_unavailable(ROSTER_IP);

    (void)state;
    assert_int_equal(find(roster, "10.0.0.1"), ROSTER_UNAVAILABLE);
    assert_int_equal(find(roster, "XYZ"), ROSTER_UNAVAILABLE);
    assert_int_equal(roster_entry_count(roster), 0);
    assert_int_equal(roster_type(roster), ROSTER_IP);
    roster_free(roster);
}

/* Entries that say the same count once. */
static void test_count(void **state)
{
    static const char *const strings[] = { "a", "A", "a", NULL };
    static const char *const networks[] = { "10.0.0.1", "10.0.0.0/8",
                                            "10.9.9.9/8", "::1", NULL };
    static const struct {
        const char *why;
        enum roster_type type;
        const char *const *entries;
        uint32_t count;
    } rows[] = {
        { "by case", ROSTER_STRING, strings, 2 },
        { "whatever the case", ROSTER_STRING_NOCASE, strings, 1 },
        { "a network and what is in it", ROSTER_IP, networks, 2 },
        { "patterns are not compared", ROSTER_REGEX, strings, 3 },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct roster *roster =
            roster_open(build(&arena, rows[i].type, rows[i].entries));

        row_equal_i64(rows[i].why, roster_entry_count(roster), rows[i].count);
        roster_free(roster);
    }
    arena_fini(&arena);
}

static const struct {
    const char *why;
    enum roster_type type;
    struct str entry;
    const char *reason; /* NULL: it is one */
} entries[] = {
    { "any text", ROSTER_STRING, STR_INIT("a b/c"), NULL },
    { "a tab", ROSTER_STRING, STR_INIT("a\tb"), "has a control character" },
    { "NUL", ROSTER_STRING, STR_INIT("a\0b"), "has a control character" },
    { "an address", ROSTER_IP, STR_INIT("10.0.0.1"), NULL },
    { "a network", ROSTER_IP, STR_INIT("2001:db8::/32"), NULL },
    { "nothing", ROSTER_IP, STR_INIT(""), "is empty" },
    { "a name", ROSTER_IP, STR_INIT("localhost"),
      "is no IP address or network such as 10.0.0.0/8" },
    { "a zone", ROSTER_IP, STR_INIT("fe80::1%eth0"),
      "is no IP address or network such as 10.0.0.0/8" },
    { "no length", ROSTER_IP, STR_INIT("10.0.0.0/"),
      "must have a prefix length from 0 to 32" },
    { "33 bits", ROSTER_IP, STR_INIT("10.0.0.0/33"),
      "must have a prefix length from 0 to 32" },
    { "a netmask", ROSTER_IP, STR_INIT("10.0.0.0/255.0.0.0"),
      "must have a prefix length from 0 to 32" },
    { "129 bits", ROSTER_IP, STR_INIT("::/129"),
      "must have a prefix length from 0 to 128" },
    { "a sign", ROSTER_IP, STR_INIT("::/+1"),
      "must have a prefix length from 0 to 128" },
    { "a pattern", ROSTER_REGEX, STR_INIT("^a(b|c)$"), NULL },
    { "an open parenthesis", ROSTER_REGEX, STR_INIT("a("),
      "is no regular expression: missing closing parenthesis (at byte 3)" },
};

static void test_entries(void **state)
{
    char why[ROSTER_WHY_SIZE];

    (void)state;
    for (size_t i = 0; i < ROWS(entries); i++) {
        bool is_entry =
            roster_check_entry(entries[i].type, entries[i].entry, why);

        row_true(entries[i].why, is_entry == !entries[i].reason);
        if (!is_entry)
            row_equal_str(entries[i].why, str_of(why),
                          str_of(entries[i].reason));
    }
}

static void test_long_entry(void **state)
{
    static char text[ROSTER_ENTRY_BYTES_MAX + 2];
    struct str entry = { text, ROSTER_ENTRY_BYTES_MAX };
    struct value value = { .type = VALUE_STRING };
    char why[ROSTER_WHY_SIZE];
    struct roster *roster;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    memset(text, 'A', ROSTER_ENTRY_BYTES_MAX + 1);
    assert_true(roster_check_entry(ROSTER_STRING, entry, why));
    roster = roster_open(
        roster_build(ROSTER_STRING_NOCASE, &entry, 1, SEED, &arena));
    value.string = entry;
    assert_int_equal(roster_find(roster, &value), ROSTER_IN);
    value.string.len++;
    assert_int_equal(roster_find(roster, &value), ROSTER_OUT);
    entry.len++;
    assert_false(roster_check_entry(ROSTER_STRING, entry, why));
    roster_free(roster);
    arena_fini(&arena);
}

/* ---- text -------------------------------------------------------------- */

static void test_text(void **state)
{
    static const char text[] = "\xef\xbb\xbf# a comment\n"
                               "first\r\n"
                               "\n"
                               "  second # not a comment\t\n"
                               "   # another\n"
                               "last";
    static const char *const want[] = { "first", "second # not a comment",
                                        "last" };
    struct roster_entries found;
    struct diags diags;

    (void)state;
    diags_init(&diags);
    roster_entries_init(&found, ROSTER_STRING);
    assert_true(roster_entries_read(&found, STR("f"), str_of(text), &diags));
    assert_int_equal(found.count, ROWS(want));
    for (size_t i = 0; i < ROWS(want); i++)
        row_equal_str(want[i], found.items[i], str_of(want[i]));
    /* Further text adds to it. */
    assert_true(roster_entries_read(&found, STR("g"), STR("more"), &diags));
    assert_true(roster_entries_read(&found, STR("h"), STR(""), &diags));
    assert_int_equal(found.count, ROWS(want) + 1);
    roster_entries_fini(&found);
    diags_fini(&diags);
}

static void test_text_mistakes(void **state)
{
    static const char text[] = "10.0.0.1\n\n  XYZ \n::1\n1.2.3.4/40\n";
    static const struct {
        unsigned line, column, width;
        struct str text;
    } want[] = {
        { 3, 3, 3, STR_INIT("  XYZ ") },
        { 5, 1, 10, STR_INIT("1.2.3.4/40") },
    };
    struct roster_entries found;
    const struct diag *diag;
    struct diags diags;

    (void)state;
    diags_init(&diags);
    roster_entries_init(&found, ROSTER_IP);
    assert_false(
        roster_entries_read(&found, STR("some.txt"), str_of(text), &diags));
    assert_int_equal(diags.error_count, ROWS(want));
    diag = diags.first;
    for (size_t i = 0; i < ROWS(want); i++, diag = diag->next) {
        row_equal_str("file", diag->place.file, STR("some.txt"));
        row_equal_i64("line", diag->place.line, want[i].line);
        row_equal_i64("column", diag->place.column, want[i].column);
        row_equal_i64("width", diag->place.width, want[i].width);
        row_equal_str("text", diag->place.text, want[i].text);
    }
    roster_entries_fini(&found);
    diags_fini(&diags);
}

/* A bound on patterns, and one mistake rather than one for each further. */
static void test_too_many(void **state)
{
    static char text[2 * (ROSTER_PATTERNS_MAX + 100)];
    struct roster_entries found;
    struct diags diags;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, "x\n", 2);
    diags_init(&diags);
    roster_entries_init(&found, ROSTER_REGEX);
    assert_false(roster_entries_read(
        &found, STR("f"), (struct str){ text, sizeof(text) }, &diags));
    assert_int_equal(found.count, ROSTER_PATTERNS_MAX);
    assert_int_equal(diags.error_count, 1);
    assert_int_equal(diags.first->place.line, ROSTER_PATTERNS_MAX + 1);
    roster_entries_fini(&found);
    diags_fini(&diags);
}

/* ---- many -------------------------------------------------------------- */

#define MANY 5000

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Networks of all lengths against the plain way to ask: one after another. */
static void test_trie_against_scan(void **state)
{
    static struct {
        uint32_t address, length;
    } networks[MANY];
    static char texts[MANY][32];
    static struct str many[MANY];
    uint64_t random = SEED;
    struct roster *roster;
    struct arena arena;
    unsigned found = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        networks[i].address = (uint32_t)next_random(&random);
        networks[i].length = 12 + (uint32_t)next_random(&random) % 21;
        snprintf(texts[i], sizeof(texts[i]), "%u.%u.%u.%u/%u",
                 networks[i].address >> 24, networks[i].address >> 16 & 255,
                 networks[i].address >> 8 & 255, networks[i].address & 255,
                 networks[i].length);
        many[i] = str_of(texts[i]);
    }
    arena_init(&arena, 0);
    roster = roster_open(roster_build(ROSTER_IP, many, MANY, SEED, &arena));
    for (int i = 0; i < 2 * MANY; i++) {
        uint32_t address = i < MANY ? networks[i].address ^ (uint32_t)(i % 7)
                                    : (uint32_t)next_random(&random);
        struct value value = { .type = VALUE_IP_ADDRESS };
        uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
                             (uint8_t)(address >> 8), (uint8_t)address };
        bool is_in = false;

        for (int j = 0; j < MANY && !is_in; j++)
            is_in =
                (networks[j].address ^ address) >> (32 - networks[j].length) ==
                0;
        ip_from_bytes((struct str){ (const char *)bytes, 4 }, &value.ip);
        assert_int_equal(roster_find(roster, &value),
                         is_in ? ROSTER_IN : ROSTER_OUT);
        found += is_in;
    }
    assert_in_range(found, MANY, 2 * MANY - 1000);
    roster_free(roster);
    arena_fini(&arena);
}

static void test_many_strings(void **state)
{
    static char texts[MANY][16];
    static struct str many[MANY];
    struct roster *roster;
    struct arena arena;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof(texts[i]), "Key%d", 2 * i);
        many[i] = str_of(texts[i]);
    }
    arena_init(&arena, 0);
    roster = roster_open(
        roster_build(ROSTER_STRING_NOCASE, many, MANY, SEED, &arena));
    assert_int_equal(roster_entry_count(roster), MANY);
    for (int i = 0; i < 2 * MANY; i++) {
        char text[16];

        snprintf(text, sizeof(text), "kEY%d", i);
        assert_int_equal(find(roster, text), i % 2 ? ROSTER_OUT : ROSTER_IN);
    }
    roster_free(roster);
    arena_fini(&arena);
}

/* ---- blocks ------------------------------------------------------------ */

static const char *const block_entries[] = { "10.0.0.0/8",    "10.1.2.3",
                                             "192.168.7.4",   "::1",
                                             "2001:db8::/32", NULL };

static void ask_everything(const struct roster *roster)
{
    find(roster, "10.0.0.0/8");
    find(roster, "10.1.2.3");
    find(roster, "192.168.7.5");
    find(roster, "2001:db8::5");
    find(roster, "");
}

/* Cut off anywhere: no block, or one that misses entries. */
static void test_cut_blocks(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (unsigned type = ROSTER_STRING; type <= ROSTER_REGEX; type++) {
        struct str block = build(&arena, (enum roster_type)type, block_entries);

        for (size_t len = 0; len < block.len; len++) {
            /* Of its own, so that the sanitizer sees its end. */
            char *copy = malloc(len + 1);
            struct roster *roster;

            memcpy(copy, block.data, len);
            roster = roster_open((struct str){ copy, len });
            if (roster)
                ask_everything(roster);
            roster_free(roster);
            free(copy);
        }
    }
    arena_fini(&arena);
}

/* Any byte changed: wrong answers at worst. */
static void test_damaged_blocks(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (unsigned type = ROSTER_STRING; type <= ROSTER_REGEX; type++) {
        struct str block = build(&arena, (enum roster_type)type, block_entries);
        char *copy = malloc(block.len);

        for (size_t i = 0; i < block.len; i++) {
            static const unsigned char changes[] = { 1, 0x80, 0xff };

            for (size_t j = 0; j < sizeof(changes); j++) {
                struct roster *roster;

                memcpy(copy, block.data, block.len);
                copy[i] = (char)(copy[i] ^ changes[j]);
                roster = roster_open((struct str){ copy, block.len });
                if (roster)
                    ask_everything(roster);
                roster_free(roster);
            }
        }
        free(copy);
    }
    arena_fini(&arena);
}

/* The same block at another place, as in another process. */
static void test_position(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (unsigned type = ROSTER_STRING; type <= ROSTER_REGEX; type++) {
        struct str block = build(&arena, (enum roster_type)type, block_entries);
        struct str moved = arena_copy(&arena, block);
        struct roster *roster = roster_open(moved);

        memset((char *)(uintptr_t)block.data, 0xa5, block.len);
        assert_int_equal(find(roster, "192.168.7.4"), ROSTER_IN);
        assert_int_equal(find(roster, "192.168.7.5"), ROSTER_OUT);
        roster_free(roster);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_address_value),
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_unavailable),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_long_entry),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_mistakes),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_trie_against_scan),
        cmocka_unit_test(test_many_strings),
        cmocka_unit_test(test_cut_blocks),
        cmocka_unit_test(test_damaged_blocks),
        cmocka_unit_test(test_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
