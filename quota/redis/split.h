/*
 * A take or release whose keys lie in several slots of a cluster, which no
 * script can reach at once: split into parts of one slot each, which are made
 * by themselves, and joined again. The parts that take are made first, in
 * parallel. If all are granted, those that give back follow. If not, what the
 * others took is undone, but not what was had before under the same id, for
 * that is another Check's:
 *
 *   a rate   is given back, with its record of who took it
 *   a lease  is released
 *
 * Of a part that did not answer only leases under ids of the store's own are
 * released, which nobody else has: a caller's id finds what it took when it
 * comes again, a lease ends by itself, and of a rate one amount is lost until
 * it comes back.
 * Pure; any thread.
 */
#ifndef QUOTA_REDIS_SPLIT_H
#define QUOTA_REDIS_SPLIT_H

#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

struct part {
    union {
        struct take take;
        struct release release;
    };
    void *owner;
    uint16_t slot;
    bool gives_back;                      /* all its charges do; else none */
    bool is_undo;                         /* it undoes what it was before */
    uint8_t places[QUOTAS_PER_CHECK_MAX]; /* its charges' in the Check */
    uint32_t repeats;        /* bit i: what charges[i] got it had before */
    enum take_status status; /* see split_note */
};

/* These fill `parts` with what they are made of, and return how many: first
 * those that take. slots: of each charge or lease. The rest of a part's take or
 * release, and its owner, are the caller's to set. */
uint32_t split_take(const struct take *take, const uint16_t *slots,
                    struct part parts[QUOTAS_PER_CHECK_MAX]);
uint32_t split_release(const struct release *release, const uint16_t *slots,
                       struct part parts[QUOTAS_PER_CHECK_MAX]);

/* A part of the take is answered, for the first time. */
void split_note(struct take *take, struct part *part);

/* What came of parts that were noted. */
enum take_status split_status(const struct part *parts, uint32_t count);

/* When not all were granted: makes a part, noted or not, into what undoes it,
 * and tells how things stand then. False: there is no need. */
bool split_undo(struct part *part);

/* When all is made, or will not be: fills the take's answer. */
void split_join(struct take *take, const struct part *parts, uint32_t count,
                enum take_status status);

/* The sum of what was released; -1: an outage of any. */
int64_t split_released(const struct part *parts, uint32_t count);

#endif
