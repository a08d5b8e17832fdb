/*
 * What is in use of one key of a quota, and giving it back, as operators see
 * and do it.
 * Threads: the store's; each function waits for its answers.
 */
#ifndef PROTO_SERVER_ADMIN_QUOTA_USAGE_H
#define PROTO_SERVER_ADMIN_QUOTA_USAGE_H

#include "proto/server/admin/quota_subject.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

/* How long one operation of the store may take: people can wait. */
#define USAGE_OPERATION_NS INT64_C(1000000000)

struct quota_usage {
    int64_t limit; /* the most that can be in use */
    int64_t used;  /* leases may be more than a limit that was lowered; of
                      a rate, it is then said to be all in use */
    int64_t remaining;
    int64_t full_after_ns;  /* when nothing is in use; -1: not known */
    bool has_leases;        /* CONCURRENCY */
    struct holders holders; /* if it has leases */
};

/* Looks, and changes nothing. False: the store did not answer. */
bool quota_usage_look(struct quota_usage *usage, struct store *store,
                      const struct quota_subject *subject);

/*
 * Gives back what is in use when it begins; what is taken meanwhile is kept.
 * Leases are ended in small steps, so that others get at the store, and for
 * USAGE_RESET_NS at most. *released: what was given back, also where it
 * returns false: the store did not answer.
 */
#define USAGE_RESET_NS INT64_C(5000000000)
bool quota_usage_reset(struct store *store, const struct quota_subject *subject,
                       int64_t *released);

#endif
