/*
 * What a configuration calls a list: entries that a value is looked up among.
 * Compiled once into a block, flat bytes without pointers, which any number of
 * processes map and use where they lie. A roster is a block opened for use.
 * (`struct list` is the linked one of policy/base.)
 *
 * Entries, by type:
 *   STRING         equal bytes
 *   STRING_NOCASE  the same, but for the case of ASCII letters
 *   IP             an address, or a network as "10.0.0.0/8": bits behind the
 *                  prefix do not matter. A bare address is itself alone. IPv4
 *                  and its v4-mapped IPv6 form are the same; IPv6 networks that
 *                  are wider than the mapped ones ("::/0") hold no IPv4
 *   REGEX          a PCRE2 pattern, found anywhere in the value
 * Look-ups take the same time however many entries there are; of IP as many
 * steps as a prefix has bits at most; of REGEX one search for each entry.
 * Threads: any, immutable; a roster is used by one thread at a time.
 */
#ifndef POLICY_RULE_ROSTER_H
#define POLICY_RULE_ROSTER_H

#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are part of a block. */
enum roster_type {
    ROSTER_STRING,
    ROSTER_STRING_NOCASE,
    ROSTER_IP,
    ROSTER_REGEX,
};

enum roster_answer {
    ROSTER_IN,
    ROSTER_OUT,
    ROSTER_BAD_VALUE,   /* of IP: the text is no address */
    ROSTER_UNAVAILABLE, /* the list cannot be had, or is too old */
    ROSTER_TOO_COSTLY,  /* of REGEX: the search was given up */
};

#define ROSTER_ENTRIES_MAX 20000000
#define ROSTER_PATTERNS_MAX 1000 /* entries of REGEX */
#define ROSTER_ENTRY_BYTES_MAX 4096

struct roster;

/* ---- look up ----------------------------------------------------------- */

/* Whether values of that type can be looked up: STRING in all, IP_ADDRESS in
 * IP. For the type check at load. */
bool roster_accepts(enum roster_type type, enum value_type value);

/* Is the value among the entries? value: of a type that is accepted. Allocates
 * nothing. */
enum roster_answer roster_find(const struct roster *roster,
                               const struct value *value);

enum roster_type roster_type(const struct roster *roster);

/* Different entries; 0 if unavailable. */
uint32_t roster_entry_count(const struct roster *roster);

/* Of REGEX: the entry after `before` (data == NULL: the first), in the order in
 * which they were compiled; data == NULL: there are no more. */
struct str roster_next_pattern(const struct roster *roster, struct str before);

/* ---- compile and open -------------------------------------------------- */

#define ROSTER_WHY_SIZE 160

/* Is that an entry? If not, `why` completes "the entry ...". */
bool roster_check_entry(enum roster_type type, struct str entry,
                        char why[static ROSTER_WHY_SIZE]);

/*
 * Compiles entries that have passed roster_check_entry; doubles do no harm.
 * count: 0 .. ROSTER_ENTRIES_MAX, of REGEX ROSTER_PATTERNS_MAX. seed: secret,
 * so that nobody can choose entries that make look-ups slow. The block is in
 * `arena`, which has no limit.
 */
struct str roster_build(enum roster_type type, const struct str *entries,
                        uint32_t count, uint64_t seed, struct arena *arena);

/* Opens a block, which must be aligned to 8 bytes and outlive the roster. NULL
 * if it is none of this version. A damaged block gives wrong answers at worst.
 */
struct roster *roster_open(struct str block);

/* One that is always ROSTER_UNAVAILABLE. */
struct roster *roster_open_unavailable(enum roster_type type);

/* NULL is fine. */
void roster_free(struct roster *roster);

#endif
