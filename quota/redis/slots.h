/*
 * The slots of a Redis Cluster: which one a key belongs to, and which node
 * serves it. A key's slot is the CRC16 of its hash tag, what stands between its
 * first "{" and the next "}"; of all of it where there is no tag.
 * Source: "Redis cluster specification", "Hash tags" and appendix A.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_SLOTS_H
#define QUOTA_REDIS_SLOTS_H

#include "policy/base/str.h"

#include <stdint.h>

#define SLOT_COUNT 16384

/* CRC-16/XMODEM: polynomial 0x1021, from 0. */
uint16_t slot_crc16(struct str bytes);

/* Of a key that is the parts, joined: 0 .. SLOT_COUNT - 1. */
uint16_t slot_of(const struct str *parts, uint32_t part_count);

#define SLOTS_NOBODY UINT8_MAX

struct slots {
    uint8_t owners[SLOT_COUNT]; /* by slot, a node's number or SLOTS_NOBODY */
};

/* No slot has an owner. */
void slots_clear(struct slots *slots);

/* `first` to `last`, which are slots, are the owner's. */
void slots_set(struct slots *slots, uint32_t first, uint32_t last,
               uint8_t owner);

/* How many are the owner's, also of SLOTS_NOBODY. */
uint32_t slots_count(const struct slots *slots, uint8_t owner);

#endif
