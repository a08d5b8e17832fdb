/*
 * Takes and releases under way whose keys lie in several slots: see split.h.
 * Each is answered when all of its parts are, and what has to be undone is.
 * Each stage of it has three quarters of the time that is left until its
 * deadline, so that there is time to undo it.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_SCATTER_H
#define QUOTA_REDIS_SCATTER_H

#include "quota/redis/router.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* At a time; further ones are outages. */
#define SCATTERS_MAX 1024

struct scatters {
    struct router *router;
    struct list idle; /* made once, and used again */
    uint32_t count;   /* of all */
};

/* Borrows it. Stays where it is until scatters_fini. */
void scatters_init(struct scatters *scatters, struct router *router);
/* None may be under way. */
void scatters_fini(struct scatters *scatters);

/* As the functions of the store. slots: of each charge or lease. */
enum store_when scatter_take(struct scatters *scatters, struct take *take,
                             const uint16_t *slots, int64_t now_ns);
enum store_when scatter_release(struct scatters *scatters,
                                struct release *release, const uint16_t *slots,
                                int64_t now_ns);

#endif
