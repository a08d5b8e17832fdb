/*
 * The front of every block, and what its kinds have in common. Private to
 * roster*.c.
 * Threads: any.
 */
#ifndef POLICY_RULE_ROSTER_BLOCK_H
#define POLICY_RULE_ROSTER_BLOCK_H

#include "policy/base/arena.h"
#include "policy/rule/roster.h"

#include <stddef.h>
#include <stdint.h>

#define ROSTER_MAGIC UINT64_C(0x0001524554534f52) /* "ROSTER", version 1 */

struct roster_head {
    uint64_t magic;
    uint32_t type;
    uint32_t entry_count;
};

/* `size` zeroed bytes in `arena` that begin with such a head. */
void *roster_block_new(enum roster_type type, uint32_t entry_count, size_t size,
                       struct arena *arena);

#endif
