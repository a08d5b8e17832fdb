/*
 * What a worker remembers of refusals: "so much of this key is refused until
 * then". It answers repeats without asking the store, the cheapest defence
 * against a flood. Only rates: when somebody releases a slot, nobody knows.
 * Bounded; the oldest makes room.
 *
 * It never refuses what the store would grant. Usage of a rate only grows until
 * the retry time, unless
 *   - the limit changes: refusals of another generation are not looked at;
 *   - somebody gives back, resets, or the store loses its data in an outage:
 *     then whoever sees it raises the epoch, and refusals that were asked for
 *     under a former one are not looked at;
 *   - that happens on another machine, whose epoch is another (or somebody
 *     flushes Redis behind everybody's back, or the store drops a key for want
 *     of room): so a refusal is asked for again after REFUSED_KEEP_NS. That is
 *     how long it may go unseen.
 *
 * A retry, by its deduplication id, of what was granted must be granted again.
 * Whether an id is one the worker cannot know: the grant may be another
 * replica's. But a grant of that amount came before the refusal, and its record
 * lives for dedup_ns. So a charge with an id is refused out of memory only when
 * the key has been refused, without a gap, for that long: until then the store
 * decides. Gaps are told by time: each refusal came before the retry time of
 * the one before it. (A refund on another machine may open a gap unseen; then a
 * retry of what it made room for is refused until its record ends.) Limits
 * without dedup, and charges without id, are answered at once.
 *
 * Threads: its worker, under the core's lock.
 */
#ifndef QUOTA_REFUSED_H
#define QUOTA_REFUSED_H

#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

#define REFUSED_KEEP_NS INT64_C(1000000000)

/* Keys are spread over sets, as their names are hashes. */
#define REFUSED_SETS 1024
#define REFUSED_WAYS 4

/* When something is asked. */
struct refused_when {
    uint64_t generation; /* of the configuration whose limits count */
    uint64_t epoch;      /* raised when usage may have shrunk */
    int64_t now_ns;      /* CLOCK_BOOTTIME */
};

struct remembered {
    struct quota_id key;
    int64_t needed; /* > 0; 0: no refusal */
    uint64_t generation, epoch;
    int64_t since_ns; /* refused without a gap, and all grants before */
    int64_t asked_ns; /* when the store was last asked */
    int64_t retry_ns; /* not before that */
    int64_t remaining;
};

struct refused {
    struct remembered (*sets)[REFUSED_WAYS]; /* REFUSED_SETS */
    int64_t until_ns;  /* from then on nothing is remembered */
    int64_t latest_ns; /* the last time there was, if time steps back */
};

void refused_init(struct refused *refused);
void refused_fini(struct refused *refused);

/*
 * Answers a take as TAKE_REFUSED, if a charge of it that can refuse is
 * remembered to; that says how much remained when it was refused, and how long
 * until its retry time. Of the others nothing is known but that they are not
 * granted. False: the store must be asked. Takes that look or give back always
 * go there.
 */
bool refused_answer(const struct refused *refused, struct take *take,
                    const struct refused_when *when);

/* Learns from what the store answered, at answered_ns, to a take that was asked
 * `when`. An outage tells nothing. */
void refused_learn(struct refused *refused, const struct take *take,
                   const struct refused_when *when, int64_t answered_ns);

/* Whether the take may have made usage of a rate shrink: then the epoch must be
 * raised as soon as it is answered, even by an outage. */
bool refused_is_outdated_by(const struct take *take);

#endif
